/**
 * Processes in memory that no driver of this host has started: left by an earlier host, or
 * somebody else's. A `Census` over a process table, with the ports they listen on and the records
 * that hosts leave behind. It promises what the real one does: an adopted process reports its
 * spawn, an exit without a code and its end, in later turns. It must never know more of a process
 * than the system would tell.
 */
import type {
  Census,
  Claim,
  Identity,
  LaunchPlan,
  Occupant,
  PrivateFolder,
  ProcessEvents,
  ProcessHandle,
} from '../ports.ts';
import type { Child, ProcessTable } from './processes.ts';

type Mark = LaunchPlan['mark'];

/** A process, and who is told of it: nobody, until it is adopted. */
interface Outsider {
  readonly child: Child;
  readonly mark: Mark | null;
  readonly listens: number | undefined;
  events: ProcessEvents | null;
}

const unmarked: Mark = { name: 'NOBODY', value: 'nobody' };

export class Outsiders {
  /** the host that asks; another number is another host */
  host = 1;
  /** what whoever asks for a record or a port gets instead of an answer */
  silent: Promise<never> | undefined;
  /** how often it was asked who listens on a port */
  asked = 0;
  /** who is claimed has ended a moment before */
  elusive = false;
  /** hosts that live, beside the one that asks */
  readonly hosts = new Set<number>();
  readonly #table: ProcessTable;
  readonly #folders = new Map<string, Map<string, string>>();
  readonly #all: Outsider[] = [];

  readonly census: Census = {
    self: () => this.#identityOf(this.host),
    identify: (pid) => this.#identify(pid),
    carries: (mark) => this.#marked(mark).length > 0,
    occupant: (port) => {
      this.asked += 1;
      return this.silent ?? Promise.resolve(this.#occupant(port));
    },
    adopt: (claim, events) => this.#adopt(claim, events),
    records: (folder) => {
      const files = filesIn(this.#folder(folder));
      return { ...files, read: (name) => this.silent ?? files.read(name) };
    },
  };

  constructor(table: ProcessTable) {
    this.#table = table;
  }

  /** It runs from the next turn on. A `mark` makes it one of ours. */
  add({ port, mark = null }: { port?: number; mark?: Mark | null } = {}): Child {
    const plan = { command: 'outsider', args: [], env: {}, mark: mark ?? unmarked };
    const tell = (told: (events: ProcessEvents) => void) => {
      if (outsider.events !== null) told(outsider.events);
    };
    const child = this.#table.outsider(plan, {
      spawned() {},
      failed() {},
      line() {},
      // nobody but its parent learns the code
      exited: () => tell((events) => events.exited({ code: null, signal: null })),
      empty: () => tell((events) => events.empty()),
    });
    const outsider: Outsider = { child, mark, listens: port, events: null };
    this.#all.push(outsider);
    return child;
  }

  /** How many live, and are told to nobody. */
  get alive(): number {
    return this.#all.filter(({ child, events }) => child.group > 0 && events === null).length;
  }

  /** The names of the records in a folder. */
  recordsIn(folder: string): string[] {
    return [...this.#folder(folder).keys()];
  }

  /** Puts a record there, as an earlier host would have. */
  write(folder: string, name: string, contents: string): void {
    this.#folder(folder).set(name, contents);
  }

  #folder(path: string): Map<string, string> {
    const known = this.#folders.get(path) ?? new Map<string, string>();
    this.#folders.set(path, known);
    return known;
  }

  #identityOf = (pid: number): Identity => ({ pid, start: `start of ${pid}` });

  #identify(pid: number): Identity | undefined {
    if (pid === this.host || this.hosts.has(pid)) return this.#identityOf(pid);
    const child = this.#table.children.find((one) => one.pid === pid);
    return child?.alive ? this.#identityOf(pid) : undefined;
  }

  #marked = (mark: Mark): Outsider[] =>
    this.#all.filter((one) => one.mark?.value === mark.value && one.child.group > 0);

  #occupant(port: number): Occupant | null {
    const there = this.#all.find(({ child, listens }) => listens === port && child.alive);
    return there === undefined ? null : { pid: there.child.pid, program: 'outsider' };
  }

  #adopt({ identity, mark }: Claim, events: ProcessEvents): ProcessHandle {
    const pid = identity?.pid;
    const found = this.#all.filter(({ child }) => child.pid === pid && child.alive);
    const [outsider] = found.length > 0 || mark === null ? found : this.#marked(mark);
    if (outsider === undefined || this.elusive) {
      this.#table.later(() => {
        events.failed({ code: 'ESRCH', message: 'it has ended meanwhile' });
        events.empty();
      });
      return { terminate() {}, kill() {}, release() {} };
    }
    const { child } = outsider;
    this.#table.later(() => {
      events.spawned(child.pid);
      outsider.events = events;
    });
    return {
      terminate: () => child.handle.terminate(),
      kill: () => child.handle.kill(),
      release() {
        outsider.events = null;
        child.handle.release();
      },
    };
  }
}

function filesIn(files: Map<string, string>): PrivateFolder {
  return {
    read: async (name) => files.get(name) ?? null,
    async create(name, contents) {
      if (files.has(name)) return false;
      files.set(name, contents);
      return true;
    },
    async replace(name, contents) {
      files.set(name, contents);
    },
    async remove(name) {
      files.delete(name);
    },
  };
}
