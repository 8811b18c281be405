/**
 * Bugs of others that no other scenario is about (docs/museum.md): listeners that throw or take
 * for ever, news that was told before, a teardown that fails, restarts that fall into a redial or a
 * cooldown, a process that lives and never serves, a clock that somebody sets. None may happen
 * here.
 */
import { describe, expect, it } from 'vitest';
import type { Clock, Transport } from '../../src/index.ts';
import type { Claw } from './claw.ts';
import { deviceOf, Folder } from './door.ts';
import { onStage } from './stage.ts';
import { dialling, outcome } from './watch.ts';

const stage = onStage();
const elsewhere = 'ws://127.0.0.1:18790';

/** The newest call, its connect sent in answer to a challenge. */
async function challenged(nonce?: string): Promise<Claw> {
  await stage().settle();
  const claw = stage().claw.challenges(nonce);
  await stage().settle();
  return claw;
}

/** As `challenged`, once somebody has called again. */
async function next(nonce?: string): Promise<Claw> {
  const { length } = stage().calls;
  await stage().until(() => stage().calls.length > length);
  return challenged(nonce);
}

async function owned() {
  const subject = stage().gateway();
  await stage().running(subject);
  return { subject, claw: stage().claw, child: stage().child };
}

describe('a listener', () => {
  it('MU-01: that throws at a loss keeps nobody from dialling again', async () => {
    const { subject } = await stage().running(stage().connect());
    const heard: string[] = [];
    for (const name of ['status', 'diagnostic'] as const) {
      subject.is.on(name, () => {
        throw new Error('cannot draw that');
      });
    }
    subject.is.on('status', ({ state }) => heard.push(state));
    stage().welcomes();
    stage().claw.call.reset();
    await stage().pass(1_000);
    expect(stage().calls).toHaveLength(2);
    expect(heard).toContain('reconnecting');
    expect(heard.at(-1)).toBe('running');
    expect(subject.is.status.connection?.generation).toBe(2);
  });

  it('MU-02: that takes for ever holds up no event, no answer and no sign of life', async () => {
    const { subject } = await stage().running(stage().connect());
    const { claw } = stage();
    const heard: string[] = [];
    subject.is.on('event', ({ name }) => {
      heard.push(name);
      return new Promise(() => {});
    });
    claw.event('first', {});
    await stage().pass(59_000);
    claw.event('second', {});
    const asked = outcome(subject.is.request('health'));
    await stage().settle();
    expect(heard).toEqual(['first', 'second']);
    claw.answers(claw.requests[0]?.id ?? '', 'well');
    await stage().settle();
    expect(asked.value).toBe('well');
    await stage().pass(59_999);
    expect(claw.call.log.words).not.toContain('ping');
    expect(subject.is.status.state).toBe('running');
  });
});

describe('a pairing', () => {
  const unpaired = { code: 'NOT_PAIRED', details: { code: 'PAIRING_REQUIRED' } };
  const refused = async (claw: Claw) => {
    claw.refuses({ message: 'no', ...unpaired });
    claw.call.close(1008, 'pairing required');
    await stage().settle();
  };

  it('MU-03: that is needed once more is told once more', async () => {
    const subject = stage().connect({ protocol: deviceOf(new Folder()) });
    const told = () => subject.diagnostics.filter(({ code }) => code === 'HF_PAIRING').length;
    await subject.is.start();
    await refused(await challenged());
    await refused(await next());
    expect([told(), subject.is.status.phase]).toEqual([1, 'paused']);
    const approved = await next();
    approved.accepts();
    await stage().settle();
    expect(subject.is.status.state).toBe('running');
    approved.call.close(4001, 'auth changed');
    await refused(await next());
    expect([told(), subject.is.status.phase]).toEqual([2, 'paused']);
    await refused(await next());
    expect(told()).toBe(2);
  });
});

describe('a connection that cannot be torn down', () => {
  it('MU-04: holds up neither its successor nor itself', async () => {
    let broken = true;
    const transport: Transport = (target, events) => {
      const handle = stage().network.transport(target, events);
      const reset = handle.reset.bind(handle);
      return Object.assign(handle, {
        reset: () => {
          reset();
          if (broken) throw new Error('no such socket');
        },
      });
    };
    const { subject } = await stage().running(stage().connect({ transport }));
    const old = stage().claw;
    const cut = outcome(subject.is.request('health'));
    await stage().settle();
    stage().welcomes();
    await subject.is.retarget({ url: elsewhere });
    await stage().settle();
    expect(cut.error).toMatchObject({ code: 'HF_CONNECTION_LOST', delivery: 'maybe-executed' });
    await stage().until(() => subject.is.status.connection?.generation === 2, 5_000);
    broken = false;
    expect(old.call.endedBy).toBe('client reset');
    expect(
      stage()
        .calls.map(({ target }) => target.url)
        .at(-1),
    ).toBe(elsewhere);
    expect(stage().calls).toHaveLength(2);
    const told = subject.diagnostics.map(({ message }) => message).join('\n');
    expect(told).toMatch(/no such socket/);
  });
});

describe('a process', () => {
  it('MU-05: that is ready and lets nobody in is replaced, when its time is over', async () => {
    const subject = stage().gateway();
    stage().network.manner = 'hangs';
    await subject.is.start();
    await stage().settle();
    const { child } = stage();
    await stage().pass(119_999);
    expect([child.signals, stage().table.children.length]).toEqual([[], 1]);
    stage().network.manner = 'accepts';
    stage().welcomes();
    await stage().pass(1);
    expect(child.signals).toContain('SIGKILL');
    await stage().until(() => subject.is.status.state === 'running', 60_000);
    expect(stage().table.children).toHaveLength(2);
    expect(child.alive).toBe(false);
  });

  it('MU-10: that ends while it is asked whether it is ready is not waited for', async () => {
    const backoff = { firstMs: 1_000, jitter: 0 };
    const subject = stage().supervise({ ready: { line: /up/ }, backoff });
    await subject.is.start();
    await stage().settle();
    expect(subject.is.status.phase).toBe('awaiting-ready');
    stage().child.exits(1);
    await stage().settle();
    expect(subject.is.status).toMatchObject({ state: 'starting', phase: 'backing-off' });
    expect(subject.is.status.process).toBeUndefined();
    await stage().pass(1_000);
    expect(stage().table.children).toHaveLength(2);
    stage().child.writes(new TextEncoder().encode('up\n'), 'stdout');
    await stage().settle();
    expect(subject.is.status.state).toBe('running');
  });
});

describe('a restart that was asked for', () => {
  it('MU-06: while the link is down comes, though the same process is found again', async () => {
    const { subject, claw, child } = await owned();
    claw.call.reset();
    await stage().settle();
    expect(subject.is.status.state).toBe('reconnecting');
    stage().welcomes();
    const asked = outcome(subject.is.restart({ settleMs: 3_000, by: 'host' }));
    await stage().until(() => subject.is.status.connection?.generation === 2, 2_999);
    expect([child.alive, asked.settled]).toEqual([true, false]);
    await stage().until(() => asked.settled, 10_000);
    expect(asked.value).toMatchObject({ outcome: 'replaced', pidBefore: child.pid });
    expect(child.alive).toBe(false);
    expect(stage().table.children).toHaveLength(2);
  });

  it('MU-07: by a second failure within the cooldown comes when that is over', async () => {
    const { subject } = await owned();
    stage().welcomes();
    const began = stage().clock.now();
    void subject.is.restart();
    await stage().until(() => subject.is.status.connection?.generation === 2, 1_000);
    const { child } = stage();
    stage().network.manner = 'nobody';
    stage().claw.call.reset();
    await stage().pass(began + 2_499 - stage().clock.now());
    // lost, judged, dialled in vain: the verdict is there, and the cooldown is not over
    expect(subject.is.status.state).toBe('reconnecting');
    expect([child.signals, stage().table.children.length]).toEqual([[], 2]);
    stage().network.manner = 'accepts';
    await stage().pass(1);
    await stage().until(() => stage().table.children.length === 3, 60_000);
    expect(child.alive).toBe(false);
    await stage().until(() => subject.is.status.state === 'running', 60_000);
    await stage().pass(60_000);
    expect(stage().table.children).toHaveLength(3);
  });
});

describe('a clock that somebody sets', () => {
  it('MU-08: back or forth by an hour moves no wait and no silence', async () => {
    const { clock } = stage();
    let offset = 0;
    const set: Clock = {
      now: () => clock.now(),
      wallNow: () => clock.wallNow() + offset,
      setTimeout: (run, ms) => clock.setTimeout(run, ms),
      clearTimeout: (id) => clock.clearTimeout(id),
    };
    const dials = dialling(stage());
    const made = stage().connect({ transport: dials.transport }, { clock: set });
    const { subject } = await stage().running(made);
    const pings = () => stage().claw.call.log.words.filter((word) => word === 'ping').length;
    for (const [at, by] of [3_600_000, -3_600_000].entries()) {
      stage().claw.event('chat', {});
      await stage().pass(30_000);
      offset += by;
      await stage().pass(29_999);
      expect(pings()).toBe(at);
      await stage().pass(1);
      expect(pings()).toBe(at + 1);
    }
    stage().claw.call.reset();
    await stage().pass(500);
    offset = -7_200_000;
    await stage().pass(499);
    expect(dials.at).toHaveLength(1);
    await stage().pass(1);
    expect(dials.waits).toEqual([121_000]);
    expect(subject.is.status.phase).not.toBe('backing-off');
  });
});

describe('a device', () => {
  it('MU-09: describes itself alike at every connect, also after a cold start', async () => {
    const folder = new Folder();
    const described: unknown[] = [];
    const describes = ({ connect: { params } }: Claw) => {
      const { auth: _, device, ...rest } = params as { auth: unknown; device: object };
      const { id, publicKey } = device as { id: string; publicKey: string };
      described.push({ ...rest, id, publicKey });
    };
    for (let life = 1; life <= 2; life += 1) {
      const subject = stage().connect({ protocol: deviceOf(folder) });
      await subject.is.start();
      for (let time = 1; time <= 2; time += 1) {
        const claw = time === 1 ? await challenged(`n-${life}`) : await next(`m-${life}`);
        describes(claw);
        claw.accepts();
        await stage().settle();
        expect(subject.is.status.state).toBe('running');
        claw.call.reset();
      }
      await subject.is.dispose();
    }
    expect(described).toHaveLength(4);
    for (const one of described) expect(one).toEqual(described[0]);
    expect(described[0]).toMatchObject({ role: 'operator', client: { mode: expect.any(String) } });
  });
});
