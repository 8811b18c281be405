/**
 * What every process driver must do, as one suite over a driver and a set of plans: real programs
 * by default, scripted ones for a fake. It knows only `src/ports.ts`: it looks at events and never
 * at the operating system, and waits for events, never for time to pass.
 */

import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LaunchPlan, ProcessDriver, ProcessEvents, ProcessHandle } from '../../src/ports.ts';

/** What the process of a plan does; `ready` is a line on stdout. */
export interface ProcessPlans {
  /** stdout `one`, `two`, an empty line, `unfinished` without an end; stderr `grüße`; exits 3 */
  talk(): LaunchPlan;
  /** cannot be started: ENOENT */
  missing(): LaunchPlan;
  /** says ready and stays until a signal ends it */
  wait(): LaunchPlan;
  /** says ready and exits with 7 on `signal`, which is its stopSignal */
  listen(signal: NodeJS.Signals): LaunchPlan;
  /** says ready, ignores SIGTERM and says so: `SIGTERM ignored` */
  deaf(): LaunchPlan;
  /** says ready, repeats each line of its stdin, and exits with 7 at its end */
  repeat(): LaunchPlan;
  /** exits 0 and leaves a descendant, deaf to SIGTERM, in its group */
  leaveSomeone(): LaunchPlan;
  /** the same, in a session of its own */
  leaveSomeoneElsewhere(): LaunchPlan;
}

const fixture = fileURLToPath(new URL('fixtures/process/child.mjs', import.meta.url));

export function plan(behaviour: string, argument: string | number = ''): LaunchPlan {
  return {
    command: process.execPath,
    args: [fixture, behaviour, String(argument)],
    env: {},
    mark: { name: 'HOLDFAST_TEST_MARK', value: randomUUID() },
  };
}

export const realPlans: ProcessPlans = {
  talk: () => plan('talk'),
  missing: () => ({ ...plan('wait'), command: '/nowhere/at-all' }),
  wait: () => plan('wait'),
  listen: (signal) => ({ ...plan('listen', signal), stopSignal: signal }),
  deaf: () => plan('deaf'),
  repeat: () => plan('repeat'),
  leaveSomeone: () => plan('leaveSomeone'),
  leaveSomeoneElsewhere: () => plan('leaveSomeoneElsewhere'),
};

/** One run and everything it reported, as words: `spawned`, `stdout one`, `exited 3`, `empty`. */
export class Witness implements ProcessEvents {
  readonly handle: ProcessHandle;
  readonly seen: string[] = [];
  pid: number | undefined;
  failure: { code: string; message: string } | undefined;
  /** called with each event after it was noted */
  onEvent: (event: string) => void = () => {};
  readonly #waiting = new Set<() => void>();

  constructor(driver: ProcessDriver, launch: LaunchPlan) {
    // What a callback does must not depend on how it is called.
    const { spawned, failed, line, exited, empty } = this;
    this.handle = driver(launch, { spawned, failed, line, exited, empty });
    onTestFinished(() => this.handle.release());
  }

  readonly spawned = (pid: number) => {
    this.pid = pid;
    this.#note('spawned');
  };
  readonly failed = (error: { code: string; message: string }) => {
    this.failure = error;
    this.#note(`failed ${error.code}`);
  };
  readonly line = (stream: string, text: string) => this.#note(`${stream} ${text}`);
  readonly exited = ({ code, signal }: { code: number | null; signal: string | null }) =>
    this.#note(`exited ${code ?? signal}`);
  readonly empty = () => this.#note('empty');

  /** Resolves when an event that begins so has been seen; fails with what was seen instead. */
  async until(start: string): Promise<void> {
    const arrived = () => this.seen.some((event) => event.startsWith(start));
    if (arrived()) return;
    await new Promise<void>((resolve, reject) => {
      const complain = () => reject(new Error(`no '${start}' in ${JSON.stringify(this.seen)}`));
      const deadline = setTimeout(complain, 15_000);
      const look = () => {
        if (!arrived()) return;
        this.#waiting.delete(look);
        clearTimeout(deadline);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  /** the events of a life: everything but the lines */
  get life(): string[] {
    return this.seen.filter((event) => !/^std(out|err) /.test(event));
  }

  lines(stream: 'stdout' | 'stderr'): string[] {
    const start = `${stream} `;
    return this.seen.filter((e) => e.startsWith(start)).map((e) => e.slice(start.length));
  }

  #note(event: string): void {
    this.seen.push(event);
    this.onEvent(event);
    for (const look of [...this.#waiting]) look();
  }
}

/** Resolves when a second run has come to its end: whatever the first had to say, it has said. */
async function anotherLife(driver: ProcessDriver, plans: ProcessPlans): Promise<void> {
  await new Witness(driver, plans.talk()).until('empty');
}

export function processConformance(
  name: string,
  driver: ProcessDriver,
  plans: ProcessPlans = realPlans,
): void {
  const run = (launch: LaunchPlan) => new Witness(driver, launch);

  describe(`${name} keeps the contract of a process driver: it`, () => {
    it('says nothing while it is being called', async () => {
      for (const launch of [plans.talk(), plans.missing()]) {
        const witness = run(launch);
        expect(witness.seen).toEqual([]);
        await witness.until('empty');
      }
    });

    it('reports spawned, exited and empty once each and in this order', async () => {
      const witness = run(plans.talk());
      await witness.until('empty');
      expect(witness.life).toEqual(['spawned', 'exited 3', 'empty']);
      expect(witness.pid).toBeGreaterThan(1);
    });

    it('delivers every line without its end, the unfinished one too, before empty', async () => {
      const witness = run(plans.talk());
      await witness.until('empty');
      expect(witness.lines('stdout')).toEqual(['one', 'two', '', 'unfinished']);
      expect(witness.lines('stderr')).toEqual(['grüße']);
      expect(witness.seen.at(-1)).toBe('empty');
    });

    it('reports failed and empty, and nothing else, when there is nothing to run', async () => {
      const launch = plans.missing();
      const witness = run(launch);
      witness.handle.terminate();
      witness.handle.kill();
      await witness.until('empty');
      await anotherLife(driver, plans);
      expect(witness.seen).toEqual(['failed ENOENT', 'empty']);
      expect(witness.failure?.message).toContain(launch.command);
    });

    it('terminates with SIGTERM unless the plan names another signal', async () => {
      const witness = run(plans.wait());
      await witness.until('stdout ready');
      witness.handle.terminate();
      await witness.until('empty');
      expect(witness.life).toEqual(['spawned', 'exited SIGTERM', 'empty']);
    });

    if (driver.can?.signals ?? true) {
      it('terminates with the signal the plan names', async () => {
        const witness = run(plans.listen('SIGINT'));
        await witness.until('stdout ready');
        witness.handle.terminate();
        await witness.until('empty');
        expect(witness.life).toEqual(['spawned', 'exited 7', 'empty']);
      });
    } else {
      it('refuses a plan that names a signal, since it has none', async () => {
        const witness = run(plans.listen('SIGINT'));
        await witness.until('empty');
        expect(witness.life).toEqual(['failed HF_OPTION_INVALID', 'empty']);
        expect(witness.failure?.message).toContain('process.stop.signal cannot be SIGINT');
      });
    }

    if (driver.can?.stdin ?? true) {
      it('writes to a stdin that stays open until it is closed', async () => {
        const witness = run(plans.repeat());
        await witness.until('stdout ready');
        witness.handle.write?.('one\n');
        await witness.until('stdout one');
        witness.handle.write?.('two\n');
        await witness.until('stdout two');
        witness.handle.write?.(null);
        expect(() => witness.handle.write?.('three\n')).toThrow('its stdin is closed');
        await witness.until('empty');
        expect(witness.life).toEqual(['spawned', 'exited 7', 'empty']);
        expect(() => witness.handle.write?.('four\n')).toThrow('its stdin is closed');
      });
    }

    it('lets a child refuse to terminate, as often as it likes, and then kills it', async () => {
      const witness = run(plans.deaf());
      await witness.until('stdout ready');
      witness.handle.terminate();
      await witness.until('stdout SIGTERM ignored');
      expect(witness.life).toEqual(['spawned']);
      witness.handle.kill();
      witness.handle.kill();
      await witness.until('empty');
      expect(witness.life).toEqual(['spawned', 'exited SIGKILL', 'empty']);
    });

    for (const [verb, signal] of [
      ['terminate', 'SIGTERM'],
      ['kill', 'SIGKILL'],
    ] as const) {
      it(`obeys a ${verb} that comes before spawned`, async () => {
        const witness = run(plans.wait());
        witness.handle[verb]();
        await witness.until('empty');
        expect(witness.life).toEqual(['spawned', `exited ${signal}`, 'empty']);
      });
    }

    for (const [where, launch] of [
      ['in its group', plans.leaveSomeone],
      ['in a session of its own', plans.leaveSomeoneElsewhere],
    ] as const) {
      it(`is not empty while a descendant ${where} lives, and kills it when told`, async () => {
        const witness = run(launch());
        await witness.until('exited 0');
        witness.handle.terminate();
        await anotherLife(driver, plans);
        expect(witness.life).toEqual(['spawned', 'exited 0']);
        witness.handle.kill();
        expect(witness.life).toEqual(['spawned', 'exited 0']);
        await witness.until('empty');
        expect(witness.life).toEqual(['spawned', 'exited 0', 'empty']);
      });
    }

    it('ignores every verb once all is over', async () => {
      const witness = run(plans.talk());
      await witness.until('empty');
      const before = [...witness.seen];
      for (const verb of ['terminate', 'kill', 'release', 'release'] as const) {
        witness.handle[verb]();
      }
      await anotherLife(driver, plans);
      expect(witness.seen).toEqual(before);
    });

    it('says nothing after release, whenever it comes', async () => {
      const moments = ['', 'spawned', 'stdout one', 'exited'];
      for (const moment of moments) {
        const witness = run(plans.talk());
        witness.onEvent = (event) => {
          if (moment !== '' && event.startsWith(moment)) witness.handle.release();
        };
        if (moment === '') witness.handle.release();
        else await witness.until(moment);
        const before = [...witness.seen];
        witness.handle.release();
        await anotherLife(driver, plans);
        expect(witness.seen, `released at '${moment}'`).toEqual(before);
        expect(witness.seen.at(-1)?.startsWith(moment) ?? moment === '').toBe(true);
      }
    });

    it('says nothing after a release that overtakes a failure', async () => {
      const witness = run(plans.missing());
      witness.handle.release();
      await anotherLife(driver, plans);
      expect(witness.seen).toEqual([]);
    });
  });
}
