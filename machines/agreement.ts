/**
 * Who owns something knows how it is doing: which states of an owner go with a state of what it
 * owns once nothing is under way, and where nobody may wait without a deadline. It must never
 * name a pair because a machine happens to do so, only because the owner would be wrong otherwise.
 */
import type { Actor, View } from './guarantees.ts';

/** A state of what is owned, and the states that its owner may be in meanwhile; none: never. */
type Pair = readonly [owned: string, state: string, owner: readonly string[]];

const starting = ['life.wanted.raising', 'life.wanted.recovering', 'life.wanted.cycling'];
/** asked to end over the link, which is left alone until then */
const draining = ['life.wanted.cycling.draining', 'life.falling.halves.draining'];
const launched = ['life.wanted.raising', 'life.wanted.recovering', 'life.wanted.cycling.up'];
const over = ['life.resting', 'life.falling', 'life.ending', 'life.disposed'];
const relinking = ['life.wanted.linking', 'life.wanted.relinking'];
const using = [...relinking, 'life.wanted.running'];
/** on its way by itself: nobody is waited for */
const retrying = [
  'life.wanted.linking.dialing',
  'life.wanted.linking.deferred',
  'life.wanted.relinking',
];

export const halves: readonly Pair[] = [
  ['gateway/link', 'resting', [...over, ...starting, 'life.wanted.failed', 'life.unkillable']],
  ['gateway/link', 'trying.opening', relinking],
  ['gateway/link', 'trying.up', ['life.wanted.running', ...draining]],
  ['gateway/link', 'waiting', retrying],
  ['gateway/link', 'paused', ['life.wanted.linking.held']],
  ['gateway/link', 'failed', ['life.wanted.failed.link', 'life.wanted.raising']],
  ['gateway/service', 'resting', over],
  ['gateway/service', 'locating', ['life.wanted.raising', 'life.wanted.failed.link']],
  ['gateway/service', 'clearing', [...starting, 'life.wanted.failed.link']],
  ['gateway/service', 'attached.serving', [...using, 'life.wanted.failed.link']],
  ['gateway/service', 'attached.looking', [...using, 'life.wanted.failed.link']],
  ['gateway/service', 'attached.draining', ['life.falling', 'life.ending']],
  ['gateway/service', 'preparing', [...launched, 'life.wanted.failed.link']],
  ['gateway/service', 'mending', [...starting, 'life.wanted.failed.link']],
  ['gateway/service', 'owned.repairing', [...starting, 'life.wanted.failed.link']],
  ['gateway/service', 'owned.starting', [...launched, 'life.wanted.failed.link']],
  ['gateway/service', 'owned.up', [...relinking, 'life.wanted.running', 'life.wanted.failed.link']],
  ['gateway/service', 'backingOff', [...starting, 'life.wanted.failed.link']],
  ['gateway/service', 'failed', ['life.wanted.failed.service']],
  ['gateway/service', 'owned.unkillable', ['life.unkillable', 'life.ending', 'life.disposed']],
];

/** What a half was told last or has said since, as its contract has it. */
export const said: readonly Pair[] = [
  ['gateway/link', 'dialed', relinking],
  ['gateway/link', 'open', ['life.wanted.running', ...draining]],
  ['gateway/link', 'paused', ['life.wanted.linking.held']],
  ['gateway/link', 'failed', ['life.wanted.failed.link', 'life.wanted.raising']],
  ['gateway/link', 'rested', [...over, ...starting, 'life.wanted.failed', 'life.unkillable']],
  ['gateway/service', 'unlaunched', ['life.wanted.raising', 'life.wanted.failed.link']],
  ['gateway/service', 'raised', [...launched, 'life.wanted.failed.link']],
  ['gateway/service', 'cycled', ['life.wanted.cycling.draining', 'life.wanted.cycling.down']],
  ['gateway/service', 'recovered', ['life.wanted.cycling.down']],
  ['gateway/service', 'up', [...relinking, 'life.wanted.running', 'life.wanted.failed.link']],
  ['gateway/service', 'attached', [...relinking, 'life.wanted.running', 'life.wanted.failed.link']],
  ['gateway/service', 'down', ['life.wanted.recovering', 'life.wanted.failed.link']],
  ['gateway/service', 'lost', ['life.wanted.recovering', 'life.wanted.failed.link']],
  ['gateway/service', 'reloading', ['ledger.reloading', 'ledger.settling', 'ledger.due']],
  ['gateway/service', 'fallen', ['life.falling', 'life.ending']],
  ['gateway/service', 'failed', ['life.wanted.failed.service']],
  ['gateway/service', 'unkillable', ['life.unkillable', 'life.ending', 'life.disposed']],
];

export const connections: readonly Pair[] = [
  ['gateway/link/connection', 'preparing', ['trying.opening']],
  ['gateway/link/connection', 'linked.dialing', ['trying.opening']],
  ['gateway/link/connection', 'linked.authenticating', ['trying.opening']],
  ['gateway/link/connection', 'linked.open', ['trying.up']],
  ['gateway/link/connection', 'ended', []],
];

const socket = 'gateway/link/connection/socket';
const lookup = 'gateway/link/connection/lookup';

export const sockets: readonly Pair[] = [
  [lookup, 'asked', ['preparing.authorizing']],
  [lookup, 'authorised', ['preparing.locating']],
  [lookup, 'answered', []],
  [socket, 'connecting', ['linked.dialing']],
  [socket, 'opened', ['linked.authenticating.challenge']],
  [socket, 'challenged', ['linked.authenticating.credentials']],
  [socket, 'greeted', ['linked.authenticating.hello']],
  [socket, 'accepted', ['linked.open.steady']],
  [socket, 'leaving', ['linked.open']],
  [socket, 'refused', []],
  [socket, 'closing', ['linked.closing']],
  [socket, 'closed', []],
];

const process = 'gateway/service/process';
const arriving = ['owned.starting.spawning', 'owned.evicting'];

export const processes: readonly Pair[] = [
  ['gateway/service/custody', 'asked', ['locating']],
  ['gateway/service/custody', 'answered', []],
  ['gateway/service/port', 'asked', ['clearing.asking', 'attached.looking']],
  ['gateway/service/port', 'answered', []],
  ['gateway/service/plan', 'asked', ['preparing', 'mending']],
  ['gateway/service/plan', 'answered', []],
  ['gateway/service/readiness', 'asked', ['owned.starting.proving', 'owned.up.reloading.proving']],
  ['gateway/service/readiness', 'answered', []],
  ['gateway/service/reload', 'asked', ['owned.up.reloading.asking']],
  ['gateway/service/reload', 'answered', []],
  ['gateway/service/drain', 'asked', ['attached.draining']],
  ['gateway/service/drain', 'answered', []],
  [process, 'held.spawning', [...arriving, 'owned.repairing']],
  [process, 'held.alive', ['owned.starting.proving', 'owned.up', 'owned.repairing']],
  [process, 'held.draining', ['owned.falling']],
  [process, 'held.stopping', ['owned.falling']],
  [process, 'held.killing', ['owned.falling', ...arriving, 'owned.repairing']],
  [process, 'held.unkillable', ['owned.unkillable']],
  [process, 'gone', []],
];

const os = 'gateway/service/process/os';
const killed = ['held.killing', 'held.unkillable'];

export const ends: readonly Pair[] = [
  [os, 'spawning', ['held.spawning']],
  [os, 'doomed', killed],
  [`${process}/drain`, 'asked', ['held.draining']],
  [os, 'alive', ['held.alive', 'held.draining', 'held.unkillable']],
  [os, 'signalled', ['held.stopping', ...killed]],
  [os, 'exited', ['held.ended', 'held.sweeping', ...killed]],
  [os, 'felled', ['held.sweeping', ...killed]],
  [os, 'empty', []],
];

const heartbeat = 'gateway/link/connection/heartbeat';

/** States of a heartbeat in which it waits for an answer, and what must have been asked. */
const questions: readonly (readonly [state: string, asked: readonly string[]])[] = [
  ['watching.awaiting', ['asked', 'both']],
  ['watching.suspect', ['pinged', 'both']],
  ['watching.probing', ['pinged', 'both']],
  ['watching.pinging', ['pinged', 'both']],
];

/** Who waits for an answer to what was never asked. */
export function unasked(view: View): string | undefined {
  const waiting = view.at(heartbeat);
  const pulse = view.at(`${heartbeat}/pulse`);
  for (const [state, asked] of questions) {
    if (!waiting?.matches(state) || asked.some((one) => pulse?.matches(one))) continue;
    return `${state}, and nothing was asked`;
  }
  return undefined;
}

/** The first pair that is not as it must be. */
export function disagreement(pairs: readonly Pair[], view: View): string | undefined {
  for (const [path, state, wanted] of pairs) {
    const owned = view.at(path);
    const owner = view.at(path.slice(0, path.lastIndexOf('/')));
    if (owned === undefined || owner === undefined || !owned.matches(state)) continue;
    if (wanted.some((one) => owner.matches(one))) continue;
    return `${owner.path} does not know that ${path} is ${state}`;
  }
  return undefined;
}

/** States in which something is waited for, by the role that waits. */
const waits: Readonly<Record<string, readonly string[]>> = {
  link: ['trying.up.fresh', 'waiting', 'paused.pairing'],
  connection: ['preparing', 'linked.dialing', 'linked.authenticating', 'linked.closing'],
  heartbeat: [
    'watching.resting',
    'watching.awaiting',
    'watching.suspect',
    'watching.probing',
    'watching.pinging',
  ],
  service: [
    'locating',
    'clearing',
    'attached.looking',
    'attached.draining',
    'mending',
    'preparing',
    'owned.starting.proving',
    'owned.up.fresh',
    'owned.up.reloading',
    'backingOff',
  ],
  process: [
    'held.spawning',
    'held.draining',
    'held.stopping',
    'held.killing',
    'held.ended',
    'held.sweeping',
  ],
};

/** Who waits without a timer. */
export const patientForEver = (view: View): Actor | undefined =>
  view.actors.find(
    ({ role, timers, matches }) =>
      timers.length === 0 && (waits[role] ?? []).some((state) => matches(state)),
  );
