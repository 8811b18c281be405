/**
 * Edges that a test holds in its own hands: a transport whose peer is the test, and a process
 * driver without processes. Each keeps what it was asked for, and does nothing by itself. Unlike
 * those of tests/fakes they keep no contract: a test may let them say what no real one would.
 */

import type {
  LaunchPlan,
  ProcessDriver,
  ProcessEvents,
  Transport,
  TransportEnd,
  TransportEvents,
  TransportTarget,
} from '../../src/ports.ts';

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
