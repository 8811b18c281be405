/**
 * The system clock: with a time source in the test's hands for what no machine does on demand
 * (sleep, a wall clock that is set), and with a real process that is really stopped.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { microtaskDefer } from '../../src/drivers/host.ts';
import { systemClock, type TimeSource } from '../../src/drivers/system-clock.ts';

const int32Max = 2 ** 31 - 1;

/** A host whose time the test moves. */
class Host implements TimeSource {
  readonly said: string[] = [];
  onResume = () => {
    this.said.push('resumed');
  };
  #monotonic = 1_000.25;
  #wall = 1_700_000_000_000;
  #timers = new Map<number, { at: number; run: () => void }>();
  #next = 1;
  /** what Node's timers do: they lose the fraction, and never wait longer than an int32 */
  armed: number[] = [];

  monotonic = () => this.#monotonic;
  wall = () => this.#wall;
  arm = (run: () => void, ms: number) => {
    this.armed.push(ms);
    this.#timers.set(this.#next, { at: this.#monotonic + ms, run });
    return this.#next++;
  };
  disarm = (handle: unknown) => {
    this.#timers.delete(handle as number);
  };

  readonly clock = systemClock({ onResume: () => this.onResume(), source: this });

  say = (word: string, ms: number) => this.clock.setTimeout(() => this.said.push(word), ms);

  /** Both clocks go on and each timer fires when it is due. */
  run(ms: number): void {
    const end = this.#monotonic + ms;
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a.at - b.at);
      if (next === undefined || next[1].at > end) break;
      this.#advance(Math.max(0, next[1].at - this.#monotonic));
      this.#fire(next[0]);
    }
    this.#advance(end - this.#monotonic);
  }

  /** Both clocks go on and nothing fires: the process is stopped. */
  stall(ms: number): void {
    this.#advance(ms);
  }

  /** Only the wall clock goes on: the host sleeps, or somebody sets the time. */
  sleep(ms: number): void {
    this.#wall += ms;
  }

  /** Fires all timers too early, as if Node's clock were a little ahead. */
  fireEarly(): void {
    for (const id of [...this.#timers.keys()]) this.#fire(id);
  }

  get waiting(): number {
    return this.#timers.size;
  }

  #advance(ms: number): void {
    this.#monotonic += ms;
    this.#wall += ms;
  }

  #fire(id: number): void {
    const run = this.#timers.get(id)?.run;
    this.#timers.delete(id);
    run?.();
  }
}

describe('a timer', () => {
  it('fires once, when it is due', () => {
    const host = new Host();
    host.say('a', 100);
    host.run(99);
    expect(host.said).toEqual([]);
    host.run(2);
    host.run(1_000);
    expect(host.said).toEqual(['a']);
    expect(host.waiting).toBe(0);
  });

  it('fires in the order of the due times, also those without any wait', () => {
    const host = new Host();
    for (const ms of [20, 10, 0, -5, Number.NaN]) host.say(`${ms}`, ms);
    host.run(30);
    expect(host.said).toEqual(['0', '-5', 'NaN', '10', '20']);
  });

  it('never fires early, whatever the system says', () => {
    const host = new Host();
    host.say('a', 100);
    host.run(99.5);
    host.fireEarly();
    expect(host.said).toEqual([]);
    host.run(1.5);
    expect(host.said).toEqual(['a']);
  });

  it('that was cleared does not fire, and clearing is harmless at any time', () => {
    const host = new Host();
    const a = host.say('a', 100);
    const b = host.say('b', 50);
    host.clock.clearTimeout(a);
    expect(host.waiting).toBe(1);
    host.run(200);
    for (const id of [a, b, undefined, null, 7, {}]) host.clock.clearTimeout(id);
    expect(host.said).toEqual(['b']);
  });

  it('may wait longer than an int32, in steps', () => {
    const host = new Host();
    host.say('a', 2 * int32Max + 10);
    host.run(2 * int32Max);
    expect(host.said).toEqual([]);
    expect(host.armed).toEqual([int32Max, int32Max, 10]);
    host.run(10);
    expect(host.said).toEqual(['a']);
    host.say('never', Number.POSITIVE_INFINITY);
    host.run(int32Max + 1);
    expect(host.said).toEqual(['a']);
  });

  it('does not hide what its callback throws', () => {
    const host = new Host();
    host.clock.setTimeout(() => {
      throw new Error('mine');
    }, 10);
    expect(() => host.run(20)).toThrow('mine');
    host.say('after', 10);
    host.run(20);
    expect(host.said).toEqual(['after']);
  });
});

describe('a resume', () => {
  it('is reported before the timer that is late', () => {
    const host = new Host();
    host.say('a', 100);
    host.stall(601);
    host.run(0);
    expect(host.said).toEqual(['resumed', 'a']);
  });

  it('is nothing up to 500 ms, or what was asked for', () => {
    const host = new Host();
    host.say('a', 100);
    host.stall(600);
    host.run(0);
    expect(host.said).toEqual(['a']);
    const said: string[] = [];
    const source: TimeSource = host;
    const patient = systemClock({ onResume: () => said.push('x'), lateAfterMs: 5_000, source });
    patient.setTimeout(() => said.push('b'), 100);
    host.stall(4_000);
    host.run(0);
    expect(said).toEqual(['b']);
  });

  it('is reported once for all the timers it delayed, and again for the next', () => {
    const host = new Host();
    for (const ms of [100, 200, 300]) host.say(`${ms}`, ms);
    host.stall(5_000);
    host.say('new', 100);
    host.run(1_000);
    expect(host.said).toEqual(['resumed', '100', '200', '300', 'new']);
    host.say('b', 100);
    host.stall(2_000);
    host.run(0);
    expect(host.said.slice(5)).toEqual(['resumed', 'b']);
  });

  it('may clear or set timers, also the one that is about to fire', () => {
    const host = new Host();
    const late = host.say('late', 100);
    host.onResume = () => {
      host.said.push('resumed');
      host.clock.clearTimeout(late);
      host.say('probe', 50);
    };
    host.stall(1_000);
    host.run(49);
    expect(host.said).toEqual(['resumed']);
    host.run(2);
    expect(host.said).toEqual(['resumed', 'probe']);
  });

  it('from sleep is seen although no timer is late: the wall clock went on alone', () => {
    const host = new Host();
    host.say('a', 100);
    host.sleep(60_000);
    host.run(101);
    expect(host.said).toEqual(['resumed', 'a']);
    host.say('b', 100);
    host.run(101);
    expect(host.said).toEqual(['resumed', 'a', 'b']);
  });

  it('from sleep is seen by a step of a long wait, which then goes on', () => {
    const host = new Host();
    host.say('a', int32Max + 1_000);
    host.sleep(60_000);
    host.run(int32Max);
    expect(host.said).toEqual(['resumed']);
    host.run(1_001);
    expect(host.said).toEqual(['resumed', 'a']);
  });

  it('is not a wall clock that drifts, or is set back', () => {
    const host = new Host();
    for (const ms of [1_000, 900, -3_600_000, 900]) {
      host.sleep(ms);
      host.say('a', 10);
      host.run(11);
    }
    expect(host.said).toEqual(['a', 'a', 'a', 'a']);
  });

  it('that throws is not hidden, and its timer still fires', () => {
    const host = new Host();
    host.onResume = () => {
      throw new Error('mine');
    };
    host.say('a', 100);
    host.stall(1_000);
    expect(() => host.run(0)).toThrow('mine');
    expect(host.said).toEqual(['a']);
  });
});

describe('the real thing', () => {
  it('tells both times, fires after its wait, and keeps what it promised about early', async () => {
    const clock = systemClock({ onResume: () => {} });
    expect(Math.abs(clock.wallNow() - Date.now())).toBeLessThan(1_000);
    const waits = Array.from({ length: 200 }, (_, at) => at / 7);
    const early = await Promise.all(
      waits.map((ms) => {
        const due = clock.now() + ms;
        return new Promise<boolean>((resolve) => {
          clock.setTimeout(() => resolve(clock.now() < due), ms);
        });
      }),
    );
    expect(early.filter(Boolean)).toEqual([]);
  });

  it('defers past the caller, in order', async () => {
    const said: string[] = [];
    microtaskDefer(() => said.push('b'));
    microtaskDefer(() => said.push('c'));
    said.push('a');
    await null;
    expect(said).toEqual(['a', 'b', 'c']);
  });

  it.runIf(process.platform !== 'win32')(
    'a process that was stopped hears of it once, before its timers, and lives until the last',
    async () => {
      const program = fileURLToPath(new URL('fixtures/clock/stopped.ts', import.meta.url));
      const child = spawn(process.execPath, ['--import', 'tsx', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      onTestFinished(() => {
        child.kill('SIGKILL');
      });
      const words: string[] = [];
      const lines = createInterface(child.stdout);
      lines.on('line', (word) => words.push(word));
      const exit = once(child, 'exit');
      const end = once(lines, 'close');
      while (!words.includes('ready')) await once(lines, 'line');
      child.kill('SIGSTOP');
      await pause(1_500);
      child.kill('SIGCONT');
      expect(await exit).toEqual([0, null]);
      await end;
      expect(words).toEqual(['ready', 'resumed', 'first', 'second', 'last']);
    },
  );
});
