/**
 * What the system says of itself. Promises plain JSON, derived from the machines at every look,
 * with no field that outlives what it speaks of, and one sentence for a person that says what
 * happened and what happens next. It must never be stored and read back as a decision.
 */
import type { HoldfastError } from '../errors.ts';
import type { Clock, ServerInfo } from '../ports.ts';
import type { ExitRecord, Facts } from './facts.ts';
import { type Health, healthOf } from './health.ts';
import { sentence } from './sentences.ts';
import type { Settings } from './settings.ts';
import { charges, type SystemView } from './view.ts';

export type State =
  | 'stopped'
  | 'starting'
  | 'running'
  | 'reconnecting'
  | 'restarting'
  | 'stopping'
  | 'failed'
  | 'disposed';

/** A restart or reload that was asked for and has not happened yet. */
export interface PendingIntent {
  id: number;
  verb: 'restart' | 'reload';
  by: 'user' | 'host';
  because: string;
  /** wall clock, milliseconds since 1970 */
  dueAt: number;
}

export interface Status {
  name: string;
  state: State;
  /** the machine's own word for what it is doing inside that state */
  phase: string;
  /** one sentence for a person */
  because: string;
  /** one line of a log: the state and the sentence */
  line: string;
  /** wall clock, milliseconds since 1970, when `state` was entered */
  since: number;
  intent: 'wanted' | 'unwanted' | 'disposed';
  /** only while it lives */
  process?: {
    /** adopted: left by an earlier host of ours; attached: somebody else's, never signalled */
    ownership: 'owned' | 'adopted' | 'attached';
    /** unknown where the system does not tell whose an attached one is */
    pid?: number;
    /** wall clock; of an attached one since when we know it */
    startedAt: number;
    port?: number;
  };
  /** the last end of a process, until the next one is ready */
  exit?: { code: number | null; signal: string | null; expected: boolean };
  /** only while it is open */
  connection?: {
    connectedAt: number;
    generation: number;
    endpoint: string;
    server: ServerInfo;
    rttMs: number | null;
  };
  /** `unknown`: it runs, and nothing was configured that could prove more */
  ready: boolean | 'unknown';
  /** the attempt or wait in progress: 1 for the first, 0 when there is none */
  attempt: number;
  attemptsMax: number | null;
  /** wall clock, milliseconds since 1970 */
  nextRetryAt?: number;
  budget?: { used: number; of: number; windowMs: number };
  pending: PendingIntent[];
  health: Health;
  /** only while it is true */
  error?: { code: string; message: string; details: Record<string, unknown> };
}

/** Everything that a status is made of. */
export interface Scene {
  view: SystemView;
  facts: Facts;
  settings: Settings;
  clock: Clock;
  pending: PendingIntent[];
  failures: number;
  /** wall clock of the moment the present wait ends, when there is one */
  waitEndsAt: number | null;
  error: HoldfastError | null;
  previous: Status | null;
  /** the line that listeners heard last */
  told: string | null;
}

export function statusOf(scene: Scene): Status {
  const state = stateOf(scene.view, scene.previous?.state ?? 'stopped');
  const phase = phaseOf(scene.view);
  const because = sentence(scene, state, phase);
  const { previous, facts, settings } = scene;
  const status: Status = {
    name: settings.name,
    state,
    phase,
    because,
    line: `${state.padEnd(13)} ${because}`,
    since: previous?.state === state ? previous.since : scene.clock.wallNow(),
    intent: intentOf(scene.view),
    ready: readyOf(scene),
    attempt: attemptOf(scene.view),
    attemptsMax: settings.link?.attemptsMax ?? null,
    pending: scene.pending,
    health: healthOf(scene),
    ...processOf(scene),
    ...connectionOf(facts),
    ...exitOf(facts.lastExit, state),
    ...budgetOf(scene),
    ...(scene.waitEndsAt === null ? {} : { nextRetryAt: scene.waitEndsAt }),
    ...(scene.error === null
      ? {}
      : {
          error: {
            code: scene.error.code,
            message: scene.error.message,
            details: scene.error.details,
          },
        }),
  };
  return previous !== null && same(previous, status) ? previous : frozen(structuredClone(status));
}

function stateOf({ gateway }: SystemView, before: State): State {
  const life = (path: string) => gateway.in(`life.${path}`);
  if (life('disposed')) return 'disposed';
  if (life('ending') || life('falling')) return 'stopping';
  if (life('unkillable') || life('wanted.failed')) return 'failed';
  if (life('wanted.running')) return 'running';
  if (life('wanted.relinking')) return 'reconnecting';
  if (life('wanted.recovering') || life('wanted.cycling')) return 'restarting';
  if (life('wanted.raising')) return 'starting';
  if (life('resting')) return 'stopped';
  // linking belongs to whatever led to it
  return before === 'running' ? 'reconnecting' : before === 'restarting' ? before : linking(before);
}

const linking = (before: State): State => (before === 'reconnecting' ? before : 'starting');

const phases: readonly [keyof SystemView, string, string][] = [
  ['reconnect', 'paused', 'paused'],
  ['gateway', 'life.unkillable', 'unkillable'],
  ['heartbeat', 'watching.suspect', 'suspect'],
  ['heartbeat', 'watching.probing', 'probing'],
  ['connection', 'linked.open.leaving', 'leaving'],
  ['process', 'held.unkillable', 'unkillable'],
  ['process', 'held.ended', 'sweeping'],
  ['process', 'held.sweeping', 'sweeping'],
  ['process', 'held.killing', 'killing'],
  ['process', 'held.draining', 'draining'],
  ['process', 'held.stopping', 'terminating'],
  ['supervisor', 'locating', 'locating'],
  ['supervisor', 'clearing', 'clearing'],
  ['supervisor', 'attached.looking', 'looking'],
  ['supervisor', 'attached.draining', 'draining'],
  ['supervisor', 'owned.evicting', 'evicting'],
  ['supervisor', 'owned.up.reloading', 'reloading'],
  ['supervisor', 'mending', 'repairing'],
  ['supervisor', 'owned.repairing', 'repairing'],
  ['supervisor', 'preparing', 'preparing'],
  ['supervisor', 'backingOff', 'backing-off'],
  ['supervisor', 'owned.starting.spawning', 'spawning'],
  ['supervisor', 'owned.starting.proving', 'awaiting-ready'],
  ['connection', 'preparing', 'locating'],
  ['connection', 'linked.dialing', 'dialing'],
  ['connection', 'linked.authenticating', 'authenticating'],
  ['connection', 'linked.closing', 'closing'],
  ['reconnect', 'waiting', 'backing-off'],
  ['gateway', 'ledger.due', 'cooling'],
];

function phaseOf(view: SystemView): string {
  const found = phases.find(([machine, path]) => view[machine]?.in(path));
  return found?.[2] ?? 'steady';
}

function readyOf({ view, settings }: Scene): Status['ready'] {
  if (!view.gateway.in('life.wanted.running')) return false;
  const proved = settings.link !== null || settings.process?.ready !== undefined;
  return proved || 'unknown';
}

function intentOf({ gateway }: SystemView): Status['intent'] {
  if (gateway.in('life.disposed') || gateway.in('life.ending')) return 'disposed';
  return gateway.in('life.wanted') || gateway.in('life.falling.next.again') ? 'wanted' : 'unwanted';
}

function attemptOf({ supervisor, reconnect, gateway }: SystemView): number {
  if (gateway.in('life.wanted.running') || !gateway.in('life.wanted')) return 0;
  const tries = supervisor?.in('backingOff') ? supervisor : reconnect;
  return Number(tries?.context.tries ?? 0) + (reconnect?.in('trying') ? 1 : 0);
}

function processOf({ facts, view }: Scene): Pick<Status, 'process'> {
  if (view.supervisor?.in('attached') && facts.attached !== null) {
    const { pid, port, since } = facts.attached;
    const known = { ...(pid === undefined ? {} : { pid }), port };
    return { process: { ownership: 'attached', startedAt: since, ...known } };
  }
  if (facts.process === null || view.process === null) return {};
  if (facts.process.task === 'repair') return {};
  const { ownership, pid, startedAt, port } = facts.process;
  return { process: { ownership, pid, startedAt, ...(port === undefined ? {} : { port }) } };
}

function connectionOf({ connection }: Facts): Pick<Status, 'connection'> {
  return connection === null ? {} : { connection: { ...connection } };
}

function exitOf(exit: ExitRecord | null, state: State): Pick<Status, 'exit'> {
  if (exit === null || state === 'running') return {};
  return { exit: { code: exit.code, signal: exit.signal, expected: exit.expected } };
}

function budgetOf({ view, settings }: Scene): Pick<Status, 'budget'> {
  if (settings.service === null) return {};
  const { of, windowMs } = settings.service.budget;
  return { budget: { used: charges(view), of, windowMs } };
}

/** Everybody gets the same object, so nobody may change it. */
function frozen<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) frozen(inner);
  }
  return Object.freeze(value);
}

function same(a: Status, b: Status): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
