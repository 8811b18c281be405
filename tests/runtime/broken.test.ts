/**
 * A machine that fails, in real systems: everything that is held goes down with it, at once and
 * from the registry of the leaves, every verb settles with the one error that says so, and no
 * machine below it comes back to life.
 */

import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/drivers/system-clock.ts';
import { type Clock, createGateway, type Gateway } from '../../src/index.ts';
import { type RealPeer, RealServer } from '../drivers/ws-peers.ts';
import {
  carriers,
  failure,
  isAlive,
  keep,
  keepHouse,
  reaches,
  until,
  within,
} from '../e2e/house.ts';

keepHouse();

describe('a machine that fails', () => {
  /** Fails once, inside the next step that arms a timer: the one way from outside into a step. */
  class FailingClock implements Clock {
    readonly #clock = systemClock({ onResume: () => {} });
    shallFail = false;
    readonly armed = new Set<unknown>();

    now = () => this.#clock.now();
    wallNow = () => this.#clock.wallNow();

    setTimeout(run: () => void, ms: number): unknown {
      if (this.shallFail) {
        this.shallFail = false;
        throw new Error('no timer left');
      }
      const id = this.#clock.setTimeout(() => {
        this.armed.delete(id);
        run();
      }, ms);
      this.armed.add(id);
      return id;
    }

    clearTimeout(id: unknown): void {
      this.armed.delete(id);
      this.#clock.clearTimeout(id);
    }
  }

  async function running() {
    const clock = new FailingClock();
    const server = await RealServer.start('accepts');
    const reconnect = { firstMs: 10, maxMs: 10, jitter: 0 };
    const gateway = keep(
      createGateway({
        process: {
          command: ['sh', '-c', 'trap "" TERM; echo up; sleep 60'],
          ready: { line: /up/ },
        },
        link: { url: server.target().url, protocol: 'jsonrpc', reconnect },
        clock,
      }),
    );
    await gateway.start();
    const { process: own } = await gateway.ready();
    return { clock, gateway, peer: await server.peer(), pid: own?.pid ?? 0 };
  }

  const broken = { code: 'HF_INTERNAL', message: 'a machine failed: no timer left' };

  async function expectBroken(gateway: Gateway): Promise<void> {
    await reaches(gateway, { state: 'failed' });
    const { error, process: own, connection, line } = gateway.status;
    expect([own, connection]).toEqual([undefined, undefined]);
    expect(error).toMatchObject(broken);
    expect(line).toMatch(/^failed +a machine failed: no timer left; make a new gateway$/);
    for (const verb of ['start', 'ready', 'restart', 'retryNow'] as const) {
      expect(await failure(gateway[verb]())).toMatchObject(broken);
    }
  }

  type Break = (gateway: Gateway, peer: RealPeer) => Promise<unknown>;
  const breaks: [when: string, what: Break][] = [
    ['a restart', (gateway) => failure(gateway.restart())],
    ['a stop', (gateway) => gateway.stop()],
    [
      'a lost connection',
      async (gateway, peer) => {
        peer.reset();
        await reaches(gateway, { state: 'failed' });
        return failure(gateway.ready());
      },
    ],
    ['a retarget', (gateway) => failure(gateway.retarget({ url: 'ws://127.0.0.1:9' }))],
  ];
  it.each(breaks)('in %s takes everything with it', async (when, what) => {
    const { clock, gateway, peer, pid } = await running();
    const cut = failure(gateway.request('never answered'));
    await until('the request', () => peer.log.words.some((word) => word.startsWith('text')));
    const next = failure(gateway.nextReady());
    const diagnostics: string[] = [];
    gateway.on('diagnostic', ({ code, message }) => diagnostics.push(`${code} ${message}`));
    clock.shallFail = true;
    const outcome = await within('the verb', what(gateway, peer), 5_000);
    expect(clock.shallFail).toBe(false);
    if (when === 'a stop') expect(outcome).toMatchObject({ gone: true });
    else expect(outcome).toMatchObject(broken);
    await expectBroken(gateway);
    expect(await next).toMatchObject(broken);
    expect(await cut).toMatchObject({ delivery: 'maybe-executed' });
    await until('the process to be gone', () => !isAlive(pid) && carriers().length === 0);
    if (when !== 'a lost connection') {
      await until('the end of the socket', () => /^gone/.test(peer.log.words.at(-1) ?? ''));
      expect(peer.log.words.at(-1)).toBe('gone by reset');
    }
    await until('the diagnostic', () => diagnostics.length > 0);
    expect(diagnostics).toEqual([`${broken.code} ${broken.message}`]);
    // the machines below the one that failed are still there; they must not come back to life
    expect([...clock.armed]).toEqual([]);
    expect(await gateway.stop()).toMatchObject({ gone: true });
    expect(await gateway.dispose()).toMatchObject({ gone: true });
    expect(gateway.status).toMatchObject({ state: 'disposed', intent: 'disposed' });
    expect((await failure(gateway.start())).code).toBe('HF_DISPOSED');
  });

  it('in its very first step rejects that start', async () => {
    const clock = new FailingClock();
    const server = await RealServer.start('accepts');
    const { url } = server.target();
    const gateway = keep(
      createGateway({
        process: { command: ['sh', '-c', 'echo up; sleep 60'], plan: () => new Promise(() => {}) },
        link: { url, protocol: 'jsonrpc' },
        clock,
      }),
    );
    clock.shallFail = true;
    expect(await failure(gateway.start())).toMatchObject(broken);
    await expectBroken(gateway);
    expect([clock.armed.size, carriers()]).toEqual([0, []]);
  });
});
