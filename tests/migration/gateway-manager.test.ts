/**
 * The manager that docs/migration.md shows, against a practice gateway in a process of its own, in
 * both dialects that have requests. It promises that what the page prints is what runs here; it
 * must never reach behind the manager's own members.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { carriers, failure, isAlive, keepHouse, until } from '../e2e/house.ts';
import { fault, listening, practice, urlOf } from '../e2e/servers.ts';
import { GatewayManager, type GatewayManagerConfig } from './gateway-manager.ts';

keepHouse();

const token = 'a secret of this test';
const openclaw = (faults: string[] = []): GatewayManagerConfig => ({
  process: {
    command: practice({ protocol: 'openclaw', faults }),
    env: { PRACTICE_TOKEN: token },
    ready: listening,
  },
  link: { url: urlOf, protocol: 'openclaw', credentials: () => ({ token }) },
  baseDelay: 50,
});
const jsonrpc = (): GatewayManagerConfig => ({
  process: { command: practice(), ready: listening },
  link: { url: urlOf, protocol: 'jsonrpc' },
  baseDelay: 50,
});
const dialects = {
  openclaw: {
    config: openclaw,
    ask: { method: 'health', params: {}, answer: expect.objectContaining({ ok: true }) },
    wait: 'practice.sleep',
  },
  jsonrpc: {
    config: jsonrpc,
    ask: { method: 'add', params: [2, 3], answer: 5 },
    wait: 'sleep',
  },
};

/** Everything it says, and its end with the end of the test. */
function managed(config: GatewayManagerConfig) {
  const manager = new GatewayManager(config);
  const exits: (number | null)[] = [];
  const states: string[] = [];
  manager.on('exit', (code) => exits.push(code));
  manager.on('status', ({ state }) => states.at(-1) === state || states.push(state));
  onTestFinished(() => manager.dispose());
  // not 0: a signal to 0 is one to this very process and its group
  const pid = () => manager.getStatus().pid ?? Number.NaN;
  return { manager, exits, states, pid };
}

async function running(config: GatewayManagerConfig = openclaw()) {
  const made = managed(config);
  await made.manager.start();
  return made;
}

describe.each(Object.entries(dialects))('in %s', (_, { config, ask, wait }) => {
  it('does nothing until it is started, and then runs and answers', async () => {
    const { manager, pid, states } = managed(config());
    expect([manager.getStatus().state, manager.isConnected(), carriers()]).toEqual([
      'stopped',
      false,
      [],
    ]);
    await manager.start();
    expect(states).toEqual(['starting', 'running']);
    expect(manager.isConnected()).toBe(true);
    expect(isAlive(pid())).toBe(true);
    expect(manager.getStatus()).toMatchObject({
      port: expect.any(Number),
      connectedAt: expect.any(Number),
      gatewayReady: true,
      reconnectAttempts: 0,
      error: undefined,
    });
    expect(await manager.rpc(ask.method, ask.params)).toEqual(ask.answer);
    expect(await manager.checkHealth()).toEqual({ ok: true });
    expect(manager.getDiagnostics().requests.pending).toBe(0);
  });

  it('is back with a new process after a kill -9, and the request in flight is over', async () => {
    const { manager, pid, exits } = await running(config());
    const killed = pid();
    const pending = failure(manager.rpc(wait, { ms: 60_000 }));
    process.kill(killed, 'SIGKILL');
    expect(await pending).toMatchObject({
      code: 'HF_CONNECTION_LOST',
      delivery: 'maybe-executed',
    });
    await until('the next process', () => manager.isConnected());
    expect([isAlive(killed), isAlive(pid())]).toEqual([false, true]);
    expect(exits).toEqual([null]);
    expect(await manager.rpc(ask.method, ask.params)).toEqual(ask.answer);
  });

  it('leaves nothing when it is stopped, and settles what was asked first', async () => {
    const { manager, states } = await running(config());
    const order: string[] = [];
    const cut = manager.rpc(wait, { ms: 60_000 }).catch(() => order.push('the request'));
    manager.on('exit', () => order.push('the process'));
    await Promise.all([cut, manager.stop()]);
    expect(order).toEqual(['the request', 'the process']);
    expect(manager.getStatus()).toMatchObject({ state: 'stopped', pid: undefined });
    expect(carriers()).toEqual([]);
    expect(states.slice(-2)).toEqual(['stopping', 'stopped']);
    expect(await failure(manager.rpc(ask.method))).toMatchObject({ delivery: 'not-sent' });
  });
});

describe('a restart', () => {
  it('that is asked for twice at once is one', async () => {
    const { manager, exits, pid } = await running();
    const before = pid();
    const both = await Promise.all([manager.restart(), manager.restart()]);
    expect(both.map(({ outcome }) => outcome)).toEqual(['replaced', 'joined']);
    expect(both.map(({ pidBefore, pidAfter }) => [pidBefore, pidAfter])).toEqual([
      [before, pid()],
      [before, pid()],
    ]);
    expect(exits).toHaveLength(1);
    expect(carriers()).toHaveLength(1);
  });

  it('and a reload that settle together are one, and neither comes after a stop', async () => {
    const { manager, exits, pid } = await running();
    const before = pid();
    manager.debouncedReload(20);
    manager.debouncedRestart(60);
    manager.debouncedReload(1);
    await until('the one replacement', () => manager.isConnected() && pid() !== before);
    expect(isAlive(before)).toBe(false);
    expect(exits).toHaveLength(1);
    manager.debouncedRestart(1);
    manager.debouncedReload(1);
    await manager.stop();
    expect(await manager.reload()).toMatchObject({ outcome: 'refused', cause: 'stopped' });
    manager.debouncedRestart(1);
    expect([exits.length, carriers(), manager.getStatus().state]).toEqual([2, [], 'stopped']);
  });

  it('starts what is stopped, when it is asked for by name', async () => {
    const { manager } = managed(openclaw());
    await manager.restart();
    expect(manager.getStatus().state).toBe('running');
  });
});

describe('a stop during a start', () => {
  const moments: Record<string, (made: ReturnType<typeof managed>) => Promise<void>> = {
    'at once': async () => undefined,
    'with a process that is not ready': ({ pid }) => until('a process', () => pid() > 0),
  };
  it.each(Object.entries(moments))(
    '%s leaves nothing, and says so to the start',
    async (_, reach) => {
      const made = managed(openclaw(['slow-start:ms=5000']));
      const started = failure(made.manager.start());
      await reach(made);
      await made.manager.stop();
      expect((await started).code).toBe('HF_STOPPED');
      expect([made.manager.getStatus().state, carriers()]).toEqual(['stopped', []]);
    },
  );
});

describe('the end', () => {
  it('at quit says whether there was a process, and nothing ever starts again', async () => {
    const { manager } = await running();
    expect(await manager.forceTerminateOwnedProcessForQuit()).toBe(true);
    expect(carriers()).toEqual([]);
    expect((await failure(manager.start())).code).toBe('HF_DISPOSED');
    expect(await managed(openclaw()).manager.forceTerminateOwnedProcessForQuit()).toBe(false);
  });

  it('at exit takes the process along before it returns', async () => {
    const { manager, pid } = await running();
    const killed = pid();
    manager.killNow();
    await until('its end', () => !isAlive(killed));
    await manager.dispose();
    expect([manager.getStatus().state, carriers()]).toEqual(['disposed', []]);
  });
});

describe('its events', () => {
  it('have their old names', async () => {
    const { manager } = await running();
    const heard: unknown[] = [];
    manager.on('chat:message', ({ message }) => heard.push(['chat', typeof message]));
    manager.on('channel:status', (payload) => heard.push(['channel', typeof payload]));
    manager.on('notification', ({ method }) => heard.push(method));
    for (const event of ['chat', 'channel.status', 'channel.status_changed', 'agent']) {
      await fault(manager.getStatus().port ?? 0, 'emit', { event });
    }
    await until('the last one', () => heard.includes('agent'));
    const mine = heard.filter((it) => it !== 'presence' && it !== 'health');
    const channel = ['channel', 'object'];
    expect(mine).toEqual([['chat', 'object'], channel, channel, 'agent']);
  });

  it('may be listened to by one who throws: the start is none the worse', async () => {
    const logged: string[] = [];
    const silent = () => undefined;
    const error = (_: object, message: string) => logged.push(message);
    const logger = { debug: silent, info: silent, warn: silent, error };
    const { manager, states } = managed({ ...openclaw(), logger });
    const errors: string[] = [];
    manager.on('status', ({ state }) => {
      throw new Error(`cannot draw ${state}`);
    });
    await manager.start();
    manager.on('error', ({ message }) => errors.push(message));
    await manager.stop();
    expect(states).toEqual(['starting', 'running', 'stopping', 'stopped']);
    await until('the complaint', () => errors.join().includes('cannot draw stopped'));
    // nobody listened to `error` at first, and that is no mistake
    expect(logged.filter((message) => !message.startsWith('a listener of "status"'))).toEqual([]);
  });
});

describe('the class', () => {
  const source = readFileSync(new URL('gateway-manager.ts', import.meta.url), 'utf8');

  it('has at most 150 lines, and nothing in it that remembers', () => {
    expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
    const code = source.replace(/\/\*\*[\s\S]*?\*\//g, '');
    const fields = code.match(/^ {2}(?:readonly )?#?\w+(?: =|:).*;$/gm);
    expect(fields?.filter((line) => line.includes('#'))).toEqual(['  readonly #gateway: Gateway;']);
    expect(code).not.toMatch(/setTimeout|setInterval|setImmediate|\blet\b|this\.\w+ =[^=]/);
  });
});
