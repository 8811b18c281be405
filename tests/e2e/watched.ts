/**
 * A gateway whose processes prove by themselves that they are alone: each takes a lock of the
 * kernel, shared with all that come of it, and writes down when somebody else holds it; and the
 * whole system is looked through for what carries the mark of this life. It promises to find two
 * at once, whoever is left, and a timer that is still armed. It must never help what it watches.
 */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/drivers/system-clock.ts';
import type { Reload } from '../../src/index.ts';
import type { ProcessDriver } from '../../src/ports.ts';
import { plain } from '../../src/protocols/index.ts';
import { Gateway } from '../../src/runtime/gateway.ts';
import { environment } from './environment.ts';

/** Ways of a shell to be a service; what comes of one holds its lock too. */
const ways = {
  willing: 'echo up; exec sleep 60',
  /** ignores SIGTERM, as what it becomes does */
  stubborn: 'trap "" TERM; echo up; exec sleep 60',
  /** somebody in a session of his own, who outlives it */
  family: 'setsid sleep 60 & echo up; exec sleep 60',
  slow: 'sleep 0.02; echo up; exec sleep 60',
  doomed: 'exit 1',
} as const;
export type Kind = keyof typeof ways;
/** Most are as most are. */
export const kinds: readonly Kind[] = [
  ...(['willing', 'willing', 'willing', 'willing', 'family', 'family'] as const),
  ...(['stubborn', 'slow', 'slow', 'doomed'] as const),
];

/** How it is made to read its configuration anew; nobody of these has any. */
const reloads = {
  harmless: { signal: 'SIGCONT' },
  /** ends whoever does not expect it */
  deadly: { signal: 'SIGUSR2' },
  command: { command: ['true'] },
  'refused and kept': { command: ['false'], orElse: 'keep' },
  'refused and replaced': { command: ['false'] },
  replaced: 'restart',
  off: 'off',
} as const satisfies Record<string, Reload>;
export type ReloadKind = keyof typeof reloads;
export const reloadKinds = Object.keys(reloads) as ReloadKind[];

const lifeName = 'HOLDFAST_LIFE';

const everyPid = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name));

/** Who carries the life of a gateway, and which of its processes each came of. */
function family(life: string, others: ReadonlySet<string>): { pid: number; mark: string }[] {
  return everyPid()
    .filter((pid) => !others.has(pid))
    .flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
        if (!environment.includes(`${lifeName}=${life}`)) return [];
        const mark = environment.find((entry) => entry.startsWith('HOLDFAST_MARK='));
        return mark === undefined ? [] : [{ pid: Number(pid), mark }];
      } catch {
        return [];
      }
    });
}

interface Manner {
  kinds: readonly Kind[];
  luck: number;
  cooldownMs: number;
  reload: ReloadKind;
}

export class Watched {
  readonly gateway: Gateway;
  spawns = 0;
  looks = 0;
  aliveMax = 0;
  readonly #life = randomUUID();
  /** who was there before it, and so is none of its processes */
  readonly #others = new Set(everyPid());
  readonly #home = mkdtempSync(join(tmpdir(), 'holdfast-life-'));
  readonly #armed = new Set<unknown>();
  readonly #began = performance.now();
  readonly #lines: string[] = [];
  readonly #wrong: string[] = [];
  #plans = 0;
  #resumed: () => void = () => {};

  constructor(manner: Manner, driver: ProcessDriver, url: () => string) {
    const clock = (onResume: () => void) => {
      this.#resumed = onResume;
      return systemClock({ onResume, source: this.#time() });
    };
    const around = environment(clock, this.#counted(driver));
    this.gateway = new Gateway(this.#options(manner, url), around);
    this.gateway.on('status', ({ line }) => this.#note(line));
  }

  /** Looks through the whole system: are there processes of two spawns? */
  look(when: string): void {
    this.#note(when);
    this.looks += 1;
    const spawns = new Set(this.#family().map(({ mark }) => mark));
    this.aliveMax = Math.max(this.aliveMax, spawns.size);
    if (spawns.size > 1) this.#wrong.push(`${spawns.size} service processes ${when}`);
  }

  /** The host was asleep, as far as the gateway can tell. */
  resume(): void {
    this.#resumed();
  }

  /** After the last verb. Throws when anything was or is as it must not be. */
  over(hanging: readonly string[], wrong: readonly unknown[]): void {
    const { status } = this.gateway;
    const complaints = [
      ...this.#wrong,
      ...wrong.map((error) => `a verb ended with ${error}`),
      ...hanging.map((name) => `${name}() never settled`),
      ...this.#said().filter((line) => line.startsWith('beside')),
      ...this.left.map((pid) => `pid ${pid} is left`),
      ...(this.#armed.size > 0 ? [`${this.#armed.size} timers are armed`] : []),
      ...(status.state === 'disposed' ? [] : [`it is ${status.line}`]),
    ];
    if (complaints.length > 0) throw new Error(complaints.join('; '));
  }

  /** Who carries the mark of this life now. */
  get left(): number[] {
    return this.#family().map(({ pid }) => pid);
  }

  /** What happened, with milliseconds, for who has to understand a failure. */
  get journal(): string {
    return [...this.#lines, ...this.#said()].join('\n');
  }

  /** Nothing of a life that failed disturbs the next one. */
  async clear(): Promise<void> {
    await this.gateway.dispose();
    while (this.left.length > 0) {
      for (const pid of this.left) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // gone between the look and the signal
        }
      }
      await pause(5);
    }
    rmSync(this.#home, { recursive: true });
  }

  #options({ kinds, luck, cooldownMs, reload }: Manner, url: () => string) {
    const short = { firstMs: 3, maxMs: 12, jitter: 0.5 };
    return {
      cooldownMs,
      random: () => luck,
      arbitration: { verdictMs: 10, expectMs: 100, serveMs: 2_000 },
      process: {
        plan: () => {
          const kind = kinds[this.#plans % kinds.length] ?? 'willing';
          this.#plans += 1;
          return { command: this.#command(kind) };
        },
        beforeSpawn: () => this.#alone(),
        env: { [lifeName]: this.#life },
        ready: { line: /^up$/ },
        reload: reloads[reload],
        stop: { graceMs: 30, killMs: 20_000 },
        budget: { of: 5, windowMs: 300 },
        stableMs: 30,
        backoff: short,
      },
      link: {
        url,
        protocol: plain(),
        reconnect: { ...short, stableMs: 30 },
        limits: { closeMs: 20 },
      },
    };
  }

  /** The lock is the kernel's: it goes with the last who holds it, however they end. */
  #command(kind: Kind): [string, ...string[]] {
    const script = [
      'exec 9>"$0/lock"',
      'if flock -n 9; then echo "born $$" >>"$0/said"; else echo "beside $$" >>"$0/said"; fi',
      ways[kind],
    ];
    return ['/bin/sh', '-c', script.join('\n'), this.#home];
  }

  #family(): { pid: number; mark: string }[] {
    return family(this.#life, this.#others);
  }

  #alone(): void {
    this.looks += 1;
    const { left } = this;
    if (left.length > 0) this.#wrong.push(`pid ${left.join(', ')} lives before a spawn`);
  }

  #said(): string[] {
    try {
      return readFileSync(join(this.#home, 'said'), 'utf8').trim().split('\n');
    } catch {
      return [];
    }
  }

  #counted(driver: ProcessDriver): ProcessDriver {
    const { can, census } = driver;
    const counting: ProcessDriver = (plan, events) => {
      this.spawns += 1;
      return driver(plan, events);
    };
    return Object.assign(
      counting,
      can === undefined ? {} : { can },
      census === undefined ? {} : { census },
    );
  }

  #time() {
    return {
      monotonic: () => performance.now(),
      wall: () => Date.now(),
      arm: (run: () => void, ms: number) => {
        const timer = setTimeout(() => {
          this.#armed.delete(timer);
          run();
        }, ms);
        this.#armed.add(timer);
        return timer;
      },
      disarm: (timer: unknown) => {
        this.#armed.delete(timer);
        clearTimeout(timer as NodeJS.Timeout);
      },
    };
  }

  #note(line: string): void {
    this.#lines.push(`${Math.round(performance.now() - this.#began)} ms  ${line}`);
  }
}
