/**
 * The leaves of a service: the process itself, and the proof that it serves. Each
 * promises a fact or silence (the machine has a deadline for silence). They must never signal a
 * process by themselves but in their own release, and never take a line, a status or an answer
 * as proof that comes after it.
 */
import type {
  ExitClass,
  OsProcessCommand,
  OsProcessInput,
  OsProcessReport,
  ReadinessInput,
  ReadinessReport,
} from '../../machines/index.ts';
import type { Census, LaunchPlan, ProcessEvents, ProcessHandle } from '../ports.ts';
import type { Custody, Left } from './custody.ts';
import { isolated } from './dispatcher.ts';
import { environment } from './environment.ts';
import { classify } from './exit-class.ts';
import type { ExitRecord, Planned, ProcessRecord } from './facts.ts';
import { fencedController, fencedProcess } from './fences.ts';
import { type Asking, found, type Host, messageOf, signalled } from './host.ts';
import { leaf } from './leaf.ts';
import { noted } from './plan-leaf.ts';
import { prove } from './readiness.ts';
import { noteRepair } from './repair.ts';

const untold = { drained: null, terminated: false, unproved: null };

export const osLeaf = (host: Host) =>
  leaf<OsProcessInput, OsProcessCommand, OsProcessReport>('os', host, (_input, post) => {
    const source = sourceOf(host);
    let commanded = false;
    /** it ended after a command of ours, and not before */
    let felled = false;
    let over = false;
    let exit: ExitRecord | null = null;
    /** A driver of the host's own may speak late: that is not about the process of today. */
    const held =
      <A extends unknown[]>(tell: (...args: A) => void) =>
      (...args: A) => {
        if (!over) tell(...args);
      };
    const failed = ({ code, message }: { code: string; message: string }) => {
      const told = source.trouble(code, message);
      host.facts.lastStart = { code: 'HF_SPAWN_FAILED', message: told };
      // the status line says it aloud; here it is for whoever counts
      host.diagnose('debug', 'HF_SPAWN_FAILED', told);
      post({ type: 'os.failed' });
    };
    const events: ProcessEvents = {
      spawned: held((pid) => {
        // another process is another peer: it has asked for nothing yet
        host.facts.floors.clear();
        host.facts.process = { ...source.record(), pid, ...untold };
        host.facts.moments.spawned = host.clock.now();
        source.note((custody) => custody.arrived(pid, host.facts.process?.startedAt ?? 0));
        post({ type: 'os.spawned' });
      }),
      failed: held(failed),
      ...sink(host),
      line: held((stream, text) => host.output.push(stream, text)),
      exited: held(({ code, signal }) => {
        // told again, the first end counts
        if (exit === null) {
          const kind = source.classify({ code, signal });
          const asked = commanded || host.facts.process?.drained != null;
          exit = note(host, { code, signal, kind, expected: asked });
          felled = commanded;
        }
        post({ type: 'os.exited' });
      }),
      empty: held(() => {
        source.note((custody, mark) => custody.gone(mark));
        post({ type: 'os.empty', class: exit === null ? 'stopped' : finished(exit, source) });
      }),
    };
    let handle: ProcessHandle;
    try {
      handle = source.begin(events);
    } catch (error) {
      source.note((custody, mark) => custody.gone(mark));
      failed({ code: 'HF_USER_FUNCTION', message: `process.driver failed: ${messageOf(error)}` });
      return { release() {} };
    }
    /** A pipe may be read after the exit, and what was in it may say why. */
    const finished = (exit: ExitRecord, source: Source): ExitClass => {
      exit.lastWords = host.output.lastWords;
      if (felled) return 'stopped';
      const kind = source.classify(exit);
      if (!exit.expected) exit.class = kind;
      return kind;
    };
    /** What nobody survives: the driver says nothing after it, so it is said here. */
    const killNow = () => {
      handle.release();
      const { process } = host.facts;
      if (process !== null)
        note(host, { code: null, signal: 'SIGKILL', kind: 'crash', expected: true });
      post({ type: 'os.exited' });
      post({ type: 'os.empty', class: 'stopped' });
    };
    host.processes.add(killNow);
    host.handle = handle;
    return {
      command({ type }) {
        commanded = true;
        if (type === 'os.terminate') {
          if (host.facts.process !== null) host.facts.process.terminated = true;
          handle.terminate();
        } else handle.kill();
      },
      release() {
        over = true;
        host.processes.delete(killNow);
        host.handle = null;
        host.facts.process = null;
        handle.release();
        host.output.end();
      },
    };
  });

/** Where a process comes from: a plan that is spawned, or somebody who is there already. */
interface Source {
  begin(events: ProcessEvents): ProcessHandle;
  record(): Pick<ProcessRecord, 'task' | 'ownership' | 'startedAt' | 'port' | 'groups' | 'plan'>;
  classify(exit: Pick<ExitRecord, 'code' | 'signal'>): ExitClass;
  /** why it did not begin, for a person */
  trouble(code: string, message: string): string;
  /** writes down what has become of it */
  note(write: (custody: Custody, mark: Planned['mark']) => Promise<void>): void;
}

function sourceOf(host: Host): Source {
  const { left, planned } = host.facts;
  const { census } = host;
  if (left !== null && census !== undefined) return taken(host, left, census);
  if (planned === null) throw new Error('no launch plan');
  const { plan, task } = planned;
  const own = host.settings.process?.driver;
  const target = launch(host, planned);
  host.output.begin(target);
  return {
    begin(events) {
      const handle = host.driver(target, events);
      // a driver of the host's own that fails is named, and left to the deadlines of the machine
      return own === undefined ? handle : fencedProcess(handle, broke(host));
    },
    // a repair has exit codes of its own
    classify: (exit) =>
      task === 'serve' ? classify(host, exit) : exit.code === 0 ? 'clean' : 'crash',
    record: () => ({
      task,
      ownership: 'owned',
      startedAt: host.clock.wallNow(),
      port: host.settings.process?.port,
      groups: {},
      plan,
    }),
    trouble(code, message) {
      const words = message.includes('directory') ? message : (spawnErrors[code] ?? message);
      return `cannot start ${plan.command[0]}: ${words} (${code})`;
    },
    note: (write) => noted(host, (custody) => write(custody, planned.mark)),
  };
}

function taken(host: Host, { claim, startedAt, port, groups }: Left, census: Census): Source {
  const stopSignal = host.settings.process?.stop?.signal;
  const known = port ?? host.settings.process?.port;
  host.output.begin({});
  return {
    begin: (events) =>
      census.adopt({ ...claim, ...(stopSignal === undefined ? {} : { stopSignal }) }, events),
    classify: (exit) => classify(host, exit),
    record: () => ({
      ...{ task: 'serve', ownership: 'adopted', plan: null },
      ...{ startedAt, port: known, groups },
    }),
    trouble: (_, message) => `cannot take over what was left: ${message}`,
    // a stranger is in no record of ours
    note(write) {
      const { mark } = claim;
      if (mark !== null) noted(host, (custody) => write(custody, mark));
    },
  };
}

const broke = (host: Host) => (error: unknown) =>
  host.diagnose('error', 'HF_USER_FUNCTION', `process.driver failed: ${messageOf(error)}`);

/** The two that happen, as a person says them. */
const spawnErrors: Readonly<Record<string, string>> = {
  ENOENT: 'no such program',
  EACCES: 'not allowed to run it',
};

/** The host's own sink for output, if any: an error in it is reported and harms nothing. */
function sink(host: Host): Pick<ProcessEvents, 'output'> {
  const output = host.settings.process?.output;
  if (output === undefined) return {};
  return {
    output(stream, chunk) {
      isolated(
        () => output(stream, chunk),
        (error) =>
          host.diagnose('error', 'HF_USER_FUNCTION', `process.output failed: ${messageOf(error)}`),
      );
    },
  };
}

function launch(host: Host, { plan, mark }: Planned): LaunchPlan {
  const [command, ...args] = plan.command;
  const stopSignal = host.settings.process?.stop?.signal;
  return {
    command,
    args,
    env: environment(plan.env ?? {}),
    ...(plan.cwd === undefined ? {} : { cwd: plan.cwd }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
    mark,
  };
}

function note(
  host: Host,
  exit: { code: number | null; signal: string | null; kind: ExitClass; expected: boolean },
): ExitRecord {
  const { code, signal, kind, expected } = exit;
  const record: ExitRecord = {
    pid: host.facts.process?.pid ?? 0,
    code,
    signal,
    class: expected ? 'stopped' : kind,
    expected,
    lastWords: host.output.lastWords,
    transitions: host.facts.history.transitions,
    at: host.clock.wallNow(),
  };
  const { process } = host.facts;
  host.facts.process = null;
  if (process?.task === 'repair') {
    noteRepair(host, process, record);
    return record;
  }
  host.facts.lastExit = record;
  if (!expected) host.facts.lastStart = null;
  host.exited();
  return record;
}

/** After a reload: the proof once more where it can be asked for again, and nothing is kept. */
function proveAgain(host: Host, post: (report: ReadinessReport) => void) {
  const abort = fencedController(signalled(host, 'process.ready'));
  const { ready } = host.settings.process ?? {};
  const provable = ready !== undefined && !('line' in ready);
  if (!provable) post({ type: 'readiness.proved' });
  else {
    prove(host, found(host), abort.signal, { option: null }, ({ proved, because }) => {
      if (abort.signal.aborted) return;
      if (!proved) host.facts.reload = { told: because ?? 'it does not serve', kept: null };
      post({ type: proved ? 'readiness.proved' : 'readiness.unproved' });
    });
  }
  return { release: () => abort.abort() };
}

export const readinessLeaf = (host: Host) =>
  leaf<ReadinessInput, never, ReadinessReport>('readiness', host, ({ again }, post) => {
    if (again) return proveAgain(host, post);
    const abort = fencedController(signalled(host, 'process.ready'));
    const { process: asked } = host.facts;
    let because = '';
    let proved = false;
    host.facts.lastStart = null;
    const asking: Asking = { option: null };
    prove(host, found(host), abort.signal, asking, (proof) => {
      if (abort.signal.aborted) return;
      const { process } = host.facts;
      if (process !== null && proof.groups !== undefined) {
        process.groups = proof.groups;
        const port = Number(proof.groups.port);
        if (Number.isInteger(port) && port > 0 && port < 65_536) process.port = port;
      }
      proved = proof.proved;
      if (proof.proved) {
        host.facts.moments.ready = host.clock.now();
        host.facts.repair = null;
        noted(host, (custody) => custody.proved(process?.port, process?.groups ?? {}));
      } else if (proof.because !== undefined) {
        because = `: ${proof.because}`;
        // each poll is a leaf of its own: what the last one said is kept with the process
        if (asked?.unproved !== because) host.diagnose('debug', 'HF_NOT_READY', proof.because);
        if (asked !== null) asked.unproved = because;
      }
      post({ type: proof.proved ? 'readiness.proved' : 'readiness.unproved' });
    });
    return {
      release() {
        abort.abort();
        if (proved || asked === null || host.facts.process !== asked) return;
        const within = `${host.settings.service?.readyMs} ms`;
        const silent = asking.option === null ? because : `: ${asking.option} had not answered`;
        const message = `pid ${asked.pid} was not ready within ${within}${silent}`;
        host.facts.lastStart = { code: 'HF_NOT_READY', message };
      },
    };
  });
