/**
 * The sentence of a status: what happened, what happens next, and when. Written for somebody who
 * reads one line at three in the morning. It must never say what is not known, and never show a
 * secret: endpoints come without query, texts of the peer redacted and bounded.
 */
import { namesSecret } from '../redact.ts';
import { duration } from './duration.ts';
import type { ExitRecord, Facts } from './facts.ts';
import type { Plan, Ready } from './options.ts';
import type { Scene, State } from './status.ts';
import { charges } from './view.ts';
import { shown } from './wire.ts';

export function sentence(scene: Scene, state: State, phase: string): string {
  switch (state) {
    case 'stopped':
      return stopped(scene);
    case 'starting':
      return paused(scene, phase) ?? starting(scene);
    case 'running':
      return running(scene, phase);
    case 'reconnecting':
      return paused(scene, phase) ?? reconnecting(scene);
    case 'restarting':
      return paused(scene, phase) ?? restarting(scene);
    case 'stopping':
      return stopping(scene, phase);
    case 'failed':
      return failed(scene);
    case 'disposed':
      return 'disposed; nothing left running';
  }
}

function stopped({ facts, settings }: Scene): string {
  const { stopAsked, stopped } = facts.moments;
  if (stopAsked === null || stopped === null) return 'not started yet';
  const took = duration(stopped - stopAsked);
  if (settings.service === null) return `you asked; closed after ${took}, nothing left open`;
  if (facts.attached !== null) {
    const fate = settings.service.drainMs > 0 ? 'left to itself' : 'left running';
    return `you asked; closed after ${took}, ${occupantOf(facts.attached)} ${fate}`;
  }
  const how = facts.lastExit?.signal ?? exitWord(facts.lastExit) ?? 'nothing was running';
  return `you asked; ${how}, gone after ${took}, nothing left running`;
}

function starting(scene: Scene): string {
  const { view, facts, settings } = scene;
  if (view.gateway.in('life.wanted.linking')) return connecting(scene);
  if (view.supervisor === null) return connecting(scene);
  const mends = repairing(scene);
  if (mends !== null) return mends;
  if (view.supervisor.in('backingOff')) {
    return `${startTrouble(scene)}; next start ${wait(scene)}, ${countStarts(scene)}`;
  }
  if (facts.process === null && view.process !== null && scene.previous?.state === 'starting') {
    return scene.previous.because;
  }
  if (view.supervisor.in('locating')) return 'looking for what an earlier host has left';
  if (view.supervisor.in('clearing') && facts.lastStart !== null) {
    return `${facts.lastStart.message}; waiting for the port`;
  }
  if (view.supervisor.in('owned.evicting')) return 'ending what was found there, then starting';
  const what = commandOf(scene);
  const pid = facts.process === null ? '' : `, pid ${facts.process.pid}`;
  return `${what}${pid}${awaiting(settings.process?.ready)}`;
}

/** Said once the command is known. */
function repairing(scene: Scene): string | null {
  const { view, facts, previous } = scene;
  if (view.supervisor?.in('mending')) return previous?.because ?? startTrouble(scene);
  if (!view.supervisor?.in('owned.repairing')) return null;
  if (facts.process === null) return previous?.because ?? startTrouble(scene);
  const what = `${commandOf(scene)}, pid ${facts.process.pid}`;
  return `${startTrouble(scene)}; repairing its configuration with ${what}`;
}

function awaiting(ready: Ready | undefined): string {
  if (ready === undefined) return '';
  if ('line' in ready) return `, waiting for "${literal(ready.line)}"`;
  if ('http' in ready) return ', waiting for its HTTP answer';
  return 'protocol' in ready ? ', waiting for its protocol' : ', waiting for your probe';
}

/** The readable beginning of a pattern. */
function literal(pattern: RegExp): string {
  const plain = /^\^?([\w\s:/.-]+)/.exec(pattern.source.replaceAll('\\.', '.'))?.[1]?.trim();
  return plain === undefined || plain === '' ? pattern.source.slice(0, 40) : plain;
}

/** While the first attempt runs nothing new is said: a log line is for news. */
function connecting(scene: Scene): string {
  const { view, facts, previous } = scene;
  if (view.reconnect?.in('waiting')) return `${lastEnd(scene)}; next try ${wait(scene)}`;
  const tries = Number(view.reconnect?.context.tries ?? 0);
  if (tries > 0 && previous !== null) return previous.because;
  const where = facts.endpoint === null ? '' : ` to ${shown(facts.endpoint)}`;
  if (view.supervisor === null) return `connecting${where}`;
  const pid = facts.process === null ? '' : `pid ${facts.process.pid} is ready; `;
  return `${pid}connecting${where}`;
}

/** The same process with a new link says why the old one went, unless a line before has. */
function running(scene: Scene, phase: string): string {
  const { facts, settings, previous } = scene;
  if (phase === 'probing') {
    return `no sign of life for more than ${duration(silence(scene))}; asking once more`;
  }
  if (phase === 'reloading') {
    const why = scene.pending[0]?.because ?? 'somebody asked';
    return `${why}; pid ${facts.process?.pid} reads its configuration anew`;
  }
  const passing = /no sign|configuration anew/;
  if (previous?.state === 'running' && !passing.test(previous.because)) return previous.because;
  const { process, moments, attached } = facts;
  if (attached !== null) return `attached to ${occupantOf(attached)}, which is not ours`;
  if (settings.service !== null && process === null && facts.lastExit !== null) {
    return died(facts.lastExit);
  }
  const parts: string[] = [];
  if (process !== null) {
    parts.push(`${process.ownership === 'adopted' ? 'took over ' : ''}pid ${process.pid}`);
    if (process.port !== undefined) parts.push(`port ${process.port}`);
  } else if (facts.connection !== null)
    parts.push(`connected to ${shown(facts.connection.endpoint)}`);
  const { spawned, ready, dialed, opened, left } = moments;
  if (left !== null && opened !== null) {
    const same = spawned === null || spawned < left;
    parts.push(`${same ? 'back after' : 'down for'} ${duration(opened - left)}`);
    if (settings.link !== null) parts.push(count(facts.requestsLost, 'request'));
    if (same && !scene.told?.startsWith('reconnecting')) {
      return `${parts.join(', ')}: ${lastEnd(scene)}`;
    }
  } else {
    if (process !== null && spawned !== null && ready !== null) {
      parts.push(`ready after ${duration(ready - spawned)}`);
    }
    if (settings.link !== null && dialed !== null && opened !== null) {
      parts.push(`connected after ${duration(opened - dialed)}`);
    }
  }
  return parts.join(', ');
}

const occupantOf = ({ pid, port }: NonNullable<Facts['attached']>): string =>
  pid === undefined ? `the process on port ${port}` : `pid ${pid} on port ${port}`;

const silence = ({ settings }: Scene): number => settings.link?.connection.heartbeat.silenceMs ?? 0;

function reconnecting(scene: Scene): string {
  const { view } = scene;
  if (view.reconnect?.in('waiting')) return `${lastEnd(scene)}; next try ${wait(scene)}`;
  if (view.reconnect?.in('trying') && scene.previous?.state === 'reconnecting') {
    return scene.previous.because;
  }
  return `${lastEnd(scene)}; connecting again`;
}

function restarting(scene: Scene): string {
  const { view, facts, previous } = scene;
  const { supervisor } = view;
  if (supervisor?.in('backingOff')) {
    return `${startTrouble(scene)}; next start ${wait(scene)}, ${countRestarts(scene)}`;
  }
  if (view.gateway.in('life.wanted.cycling') && !view.gateway.in('life.wanted.cycling.up')) {
    if (previous?.state === 'restarting') return previous.because;
    const pid = facts.process === null ? 'the process' : `pid ${facts.process.pid}`;
    if (view.gateway.context.doubted === true) {
      return `${pid} runs and does not serve (${lastEnd(scene)}); killing it`;
    }
    return `${scene.pending[0]?.because ?? 'somebody asked'}; replacing ${pid}`;
  }
  if (previous?.state === 'restarting') return repairing(scene) ?? previous.because;
  return starting(scene);
}

/** A process whose spawn was never confirmed has no number to be called by. */
export function outliving(pid: number | undefined): string {
  const who = pid === undefined ? 'a process whose spawn was not confirmed' : `pid ${pid}`;
  return `${who} outlives SIGKILL`;
}

function stopping(scene: Scene, phase: string): string {
  const { facts, settings, view, previous } = scene;
  if (phase === 'unkillable') {
    return `${outliving(facts.process?.pid)}; nothing is started beside it`;
  }
  if (phase === 'killing') return killing(facts);
  if (phase === 'draining') return draining(scene);
  if (view.process !== null && facts.process !== null) {
    const signal = settings.process?.stop?.signal ?? 'SIGTERM';
    const graceMs = settings.service?.process.stop.graceMs ?? 0;
    const { pid } = facts.process;
    if (settings.process?.driver?.can?.signals === false) {
      return `you asked; pid ${pid} was asked to end, it is killed in ${duration(graceMs)}`;
    }
    return `you asked; ${signal} sent to pid ${pid}, SIGKILL in ${duration(graceMs)}`;
  }
  return previous?.state === 'stopping' ? previous.because : 'you asked';
}

/** What it was asked is known once it was asked. */
function draining({ facts, settings, view }: Scene): string {
  const drainMs = duration(settings.service?.process.stop.drainMs ?? 0);
  if (view.process === null) {
    const who = facts.attached === null ? 'the process' : occupantOf(facts.attached);
    return `you asked; ${who} is asked to end, left alone in ${drainMs}`;
  }
  const signal = settings.process?.stop?.signal ?? 'SIGTERM';
  const asked = facts.process?.drained == null ? '' : ` (${facts.process.drained})`;
  return `you asked; pid ${facts.process?.pid} is asked to end${asked}, ${signal} in ${drainMs}`;
}

function killing({ process }: Facts): string {
  const pid = process === null ? 'the process' : `pid ${process.pid}`;
  return process?.terminated
    ? `${pid} did not end in time; SIGKILL sent`
    : `SIGKILL sent to ${pid}`;
}

function failed(scene: Scene): string {
  const { error } = scene;
  const next = error?.code === 'HF_INTERNAL' ? 'make a new gateway' : 'start() begins again';
  return `${bare(error?.message ?? 'given up')}; ${next}`;
}

function paused(scene: Scene, phase: string): string | null {
  const { view, facts } = scene;
  if (phase !== 'paused') return null;
  const because = bare(facts.lastEnd?.because ?? 'the peer refused us');
  return view.reconnect?.in('paused.pairing')
    ? `${because}; waiting for somebody to approve this device, asking again ${approval(scene)}`
    : `${because}; waiting for other credentials: resume() tries again`;
}

/** How often a pairing is asked about; the peer may want it to be more seldom. */
function approval({ view, settings }: Scene): string {
  const floorMs = Number(view.reconnect?.context.floorMs ?? 0);
  return `every ${duration(Math.max(settings.link?.pairingMs ?? 0, floorMs))}`;
}

function lastEnd({ facts }: Scene): string {
  return clause(facts.lastEnd?.because ?? 'the connection was lost');
}

/** Without the full stop: something follows. */
const bare = (text: string): string => text.replace(/[.\s]+$/, '');

/** A sentence as the first part of a longer one. */
function clause(text: string): string {
  const part = bare(text);
  return /^[A-Z][a-z]/.test(part) ? part.charAt(0).toLowerCase() + part.slice(1) : part;
}

function startTrouble({ facts }: Scene): string {
  if (facts.lastStart !== null) return facts.lastStart.message;
  return facts.lastExit === null ? 'the start failed' : died(facts.lastExit);
}

/** How a process ended, and whose doing it was. */
export function died(exit: ExitRecord): string {
  const { pid, code, signal, expected } = exit;
  if (signal === null) return `pid ${pid} exited${expected ? '' : ' by itself'} with code ${code}`;
  return expected
    ? `pid ${pid} ended by our ${signal}`
    : `pid ${pid} was killed by ${signal} (not by us)`;
}

function exitWord(exit: ExitRecord | null): string | null {
  if (exit === null) return null;
  return exit.code === null ? null : `it exited with code ${exit.code}`;
}

function countRestarts({ view, settings }: Scene): string {
  const used = charges(view);
  return `restart ${used} of ${settings.service?.budget.of ?? 0}`;
}

function countStarts({ view, settings }: Scene): string {
  const failures = Number(view.supervisor?.context.stillborn ?? 0);
  return `try ${failures + 1} of ${settings.service?.startsMax ?? 0}`;
}

/** The wait as the machine planned it: said once, not counted down. */
function wait({ view }: Scene): string {
  const { supervisor, reconnect } = view;
  const machine = supervisor?.in('backingOff') ? supervisor : reconnect;
  const { waitMs, floorMs } = machine?.context ?? {};
  return `in ${duration(Number(waitMs ?? 0) + Number(floorMs ?? 0))}`;
}

function commandOf({ settings, facts }: Scene): string {
  const plan: Plan | null | undefined = facts.process?.plan;
  const command = plan?.command ?? settings.process?.command;
  return command === undefined ? 'asking what to run' : commandName(command);
}

/** Flags of runtimes that take the next argument with them. */
const paired = ['--import', '--require', '-r', '--loader', '--conditions', '-C'];
const code = ['-e', '--eval', '-p', '--print', '-c'];

/** A command as it may be shown: program and script, without arguments that may hold secrets. */
export function commandName(command: readonly string[]): string {
  const [program = '', ...rest] = command.map((part) => part.split('/').at(-1) ?? part);
  const belongs = (flag: string) =>
    paired.includes(flag) || code.includes(flag) || namesSecret(flag);
  const script = rest.find(
    (part, at) => /^[\w.-]+\.\w+$/.test(part) && !belongs(rest[at - 1] ?? ''),
  );
  return script === undefined ? program : `${program} ${script}`;
}

const count = (lost: number, what: string) => `${lost} ${what}${lost === 1 ? '' : 's'} lost`;
