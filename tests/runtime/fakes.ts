/**
 * Edges that a test holds in its own hands: a clock that moves when told, a transport whose peer
 * is the test, and a process driver without processes. Each keeps what it was asked for; none
 * does anything by itself.
 */

import type {
  Clock,
  LaunchPlan,
  ProcessDriver,
  ProcessEvents,
  Transport,
  TransportEnd,
  TransportEvents,
  TransportTarget,
} from '../../src/ports.ts';

interface Timer {
  due: number;
  run: () => void;
}

export class FakeClock implements Clock {
  #now = 0;
  #timers = new Set<Timer>();

  get armed(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return 1_700_000_000_000 + this.#now;
  }

  setTimeout(run: () => void, ms: number): unknown {
    const timer = { due: this.#now + ms, run };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(id: unknown): void {
    this.#timers.delete(id as Timer);
  }

  /** Fires what is due on the way, in order, and lets what follows from it happen. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await turns();
      const due = [...this.#timers].filter((timer) => timer.due <= end);
      const [next] = due.sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.due);
      this.#timers.delete(next);
      next.run();
    }
    this.#now = end;
    await turns();
  }

  /** As `pass`, without a turn of the event loop: for plain stores. */
  jump(ms: number): void {
    this.#now += ms;
    for (const timer of [...this.#timers].filter(({ due }) => due <= this.#now)) {
      if (this.#timers.delete(timer)) timer.run();
    }
  }
}

/** Lets every microtask and every immediate that is due run. */
export async function turns(count = 4): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

export class FakeSocket {
  readonly target: TransportTarget;
  readonly #events: TransportEvents;
  readonly sent: (string | Uint8Array)[] = [];
  readonly dones: (((error?: Error) => void) | undefined)[] = [];
  /** what was asked of it besides frames, in order */
  readonly calls: string[] = [];
  bufferedBytes = 0;

  constructor(target: TransportTarget, events: TransportEvents) {
    this.target = target;
    this.#events = events;
  }

  send(data: string | Uint8Array, done?: (error?: Error) => void): void {
    this.sent.push(data);
    this.dones.push(done);
  }

  ping(): void {
    this.calls.push('ping');
  }

  close(code: number, reason: string): void {
    this.calls.push(`close ${code} ${reason}`);
  }

  reset(): void {
    this.calls.push('reset');
  }

  opens(): void {
    this.#events.opened();
  }

  hears(data: string | Uint8Array): void {
    this.#events.frame(data);
  }

  pongs(): void {
    this.#events.sign('pong');
  }

  ends(end: Partial<TransportEnd> = {}): void {
    this.#events.closed({ code: 1006, reason: '', ...end });
  }
}

/** Every socket that was asked for, oldest first. */
export function fakeTransport(): { sockets: FakeSocket[]; transport: Transport } {
  const sockets: FakeSocket[] = [];
  const transport: Transport = (target, events) => {
    const socket = new FakeSocket(target, events);
    sockets.push(socket);
    return socket;
  };
  return { sockets, transport };
}

export class FakeProcess {
  readonly plan: LaunchPlan;
  readonly events: ProcessEvents;
  readonly calls: string[] = [];

  constructor(plan: LaunchPlan, events: ProcessEvents) {
    this.plan = plan;
    this.events = events;
  }

  terminate(): void {
    this.calls.push('terminate');
  }

  kill(): void {
    this.calls.push('kill');
  }

  release(): void {
    this.calls.push('release');
  }

  exits(code: number | null, signal: NodeJS.Signals | null = null): void {
    this.events.exited({ code, signal });
    this.events.empty();
  }
}

/** Every process that was asked for, oldest first; `pid` numbers them from 101. */
export function fakeDriver(): { processes: FakeProcess[]; driver: ProcessDriver } {
  const processes: FakeProcess[] = [];
  const driver: ProcessDriver = (plan, events) => {
    const process = new FakeProcess(plan, events);
    processes.push(process);
    queueMicrotask(() => events.spawned(100 + processes.indexOf(process) + 1));
    return process;
  };
  return { processes, driver };
}
