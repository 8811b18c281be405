/**
 * What the outside may do to each leaf, as one automaton per leaf. An automaton must allow
 * everything that the real leaf can do, at any moment; what it allows beyond that only makes the
 * check stricter. It must never promise an answer: an emission may come late or not at all. What
 * is marked as a fault is explored like the rest, and only stays away in the well-behaved world
 * that liveness assumes.
 */

/** Something that a world which behaves does not do. */
const fault = <R>(report: R, next: string) => ({ report, next, fault: true });

type Ending = readonly [cause: string, floorMs: number];

/** How a peer says no or goes away, by a frame, a close code or an HTTP status. */
const endings: readonly Ending[] = [
  ...[0, 1000].flatMap((floorMs): Ending[] => [
    ['lost', floorMs],
    ['restart', floorMs],
    ['wait', floorMs],
    ['again', floorMs],
  ]),
  ['credentials', 0],
  ['pairing', 0],
  ['protocol', 0],
  ['identity', 0],
  ['unauthorised', 0],
];
const closes = endings.map(([cause, floorMs]) =>
  fault({ type: 'socket.closed', cause, floorMs }, 'closed'),
);
const refuses = endings.map(([cause, floorMs]) =>
  fault({ type: 'socket.refused', cause, floorMs }, 'refused'),
);
const leaves = [
  fault({ type: 'socket.leaving', expected: true }, 'leaving'),
  fault({ type: 'socket.leaving', expected: false }, 'going'),
];
const over = (cause: string, floorMs = 0) => ({
  report: { type: 'socket.closed', cause, floorMs },
  next: 'closed',
});

/** A socket with a protocol session on it: opens, speaks, refuses, leaves, closes, stays silent. */
export const socket = {
  initial: 'connecting',
  emits: {
    connecting: [{ report: { type: 'socket.opened' }, next: 'opened' }, ...closes],
    opened: [
      { report: { type: 'socket.challenged' }, next: 'challenged' },
      { report: { type: 'socket.accepted', silenceMs: 30_000 }, next: 'accepted' },
      ...refuses,
      ...closes,
    ],
    challenged: closes,
    greeted: [
      { report: { type: 'socket.accepted', silenceMs: 30_000 }, next: 'accepted' },
      ...refuses,
      ...closes,
    ],
    accepted: [...leaves, ...closes],
    // what it said last counts
    going: [...leaves, ...closes.map(({ report, next }) => ({ report, next }))],
    leaving: [
      ...leaves,
      ...[0, 1000].map((floorMs) => ({ ...over('restart', floorMs), unread: ['cause'] })),
    ],
    refused: [{ ...over('lost'), unread: ['cause', 'floorMs'] }],
    closing: [{ ...over('closed'), unread: ['cause', 'floorMs'] }],
  },
  receives: {
    opened: { 'socket.close': 'closing' },
    challenged: { 'socket.hello': 'greeted', 'socket.close': 'closing' },
    greeted: { 'socket.close': 'closing' },
    refused: { 'socket.close': 'closing' },
    accepted: { 'socket.close': 'closing' },
    leaving: { 'socket.close': 'closing' },
    going: { 'socket.close': 'closing' },
  },
  live: (state: string) => state !== 'closed',
};

/** The record of when the peer was last heard, and the pings. */
export const pulse = {
  initial: 'idle',
  emits: {
    asked: [
      { report: { type: 'pulse.alive', idleMs: 0 }, next: 'idle' },
      { report: { type: 'pulse.silent', heard: true }, next: 'idle' },
      { report: { type: 'pulse.silent', heard: false }, next: 'idle' },
    ],
    pinged: [{ report: { type: 'pulse.alive', idleMs: 0 }, next: 'idle' }],
    both: [
      { report: { type: 'pulse.alive', idleMs: 0 }, next: 'pinged' },
      { report: { type: 'pulse.silent', heard: true }, next: 'pinged' },
      { report: { type: 'pulse.silent', heard: false }, next: 'pinged' },
    ],
  },
  receives: {
    idle: { 'pulse.check': 'asked', 'pulse.ping': 'pinged' },
    asked: { 'pulse.ping': 'both' },
    pinged: { 'pulse.check': 'both' },
  },
};

/** `authorize`, then `url`: functions of the host. */
export const lookup = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'lookup.authorised' }, next: 'authorised' },
      fault({ type: 'lookup.failed', cause: 'unauthorised' }, 'answered'),
      fault({ type: 'lookup.failed', cause: 'lost' }, 'answered'),
    ],
    authorised: [
      { report: { type: 'lookup.found' }, next: 'answered' },
      fault({ type: 'lookup.failed', cause: 'lost' }, 'answered'),
    ],
  },
};

/** `credentials`: a function of the host. */
export const credentials = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'credentials.ready' }, next: 'answered' },
      ...['lost', 'identity', 'credentials', 'unauthorised'].map((cause) =>
        fault({ type: 'credentials.failed', cause }, 'answered'),
      ),
    ],
  },
};

const exited = { report: { type: 'os.exited' }, next: 'exited' };
const felled = { ...exited, next: 'felled' };
const empty = (name: string) => ({ report: { type: 'os.empty', class: name }, next: 'empty' });

/** One process and its group. A signal may help at once, late or never. */
export const os = {
  initial: 'spawning',
  emits: {
    spawning: [
      { report: { type: 'os.spawned' }, next: 'alive' },
      fault({ type: 'os.failed' }, 'empty'),
    ],
    doomed: [
      { report: { type: 'os.spawned' }, next: 'alive' },
      { report: { type: 'os.failed' }, next: 'empty' },
      felled,
    ],
    alive: [{ ...exited, fault: true }],
    signalled: [felled],
    // a host that kills in its own exit hook is told of the exit once more
    exited: [
      ...['clean', 'crash', 'configuration', 'runtime'].map(empty),
      { ...exited, fault: true },
    ],
    felled: [
      { ...empty('crash'), unread: ['class'] },
      { ...felled, fault: true },
    ],
  },
  receives: {
    spawning: { 'os.kill': 'doomed' },
    alive: { 'os.terminate': 'signalled', 'os.kill': 'signalled' },
  },
  live: (state: string) => state !== 'empty',
  mustEnd: (state: string) => state !== 'empty',
};

/** The custody record of an earlier host. */
export const custody = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'custody.none' }, next: 'answered' },
      { report: { type: 'custody.ours' }, next: 'answered' },
      { report: { type: 'custody.leftover' }, next: 'answered' },
      fault({ type: 'custody.refused' }, 'answered'),
    ],
  },
};

/** Who listens on the port. */
export const port = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'port.free' }, next: 'answered' },
      { report: { type: 'port.serving' }, next: 'answered' },
      fault({ type: 'port.condemned' }, 'answered'),
      fault({ type: 'port.taken' }, 'answered'),
    ],
  },
};

/** The launch plan: a function of the host. */
export const plan = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'plan.ready' }, next: 'answered' },
      fault({ type: 'plan.failed', fatal: false }, 'answered'),
      fault({ type: 'plan.failed', fatal: true }, 'answered'),
    ],
  },
};

/** The same for a host that has nothing to mend a configuration with. */
export const planOnly = {
  initial: (input: unknown) => (Object(input).task === 'repair' ? 'unanswerable' : 'asked'),
  emits: {
    ...plan.emits,
    unanswerable: [{ report: { type: 'plan.failed', fatal: true }, next: 'answered' }],
  },
};

/** The proof that the process serves. */
export const readiness = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'readiness.proved' }, next: 'answered' },
      fault({ type: 'readiness.unproved' }, 'answered'),
    ],
  },
};

/** Asking the process to read its configuration anew. */
export const reload = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'reload.done' }, next: 'answered' },
      { report: { type: 'reload.kept' }, next: 'answered' },
      fault({ type: 'reload.failed' }, 'answered'),
    ],
  },
};

/** Asking a process to end in its own way; that it did is the word of the system alone. */
export const drain = {
  initial: 'asked',
  emits: {
    asked: [
      { report: { type: 'drain.asked' }, next: 'answered' },
      fault({ type: 'drain.failed' }, 'answered'),
    ],
  },
};

/** The half that is not there: ready and rested as soon as it is asked. */
export const absentService = {
  initial: 'idle',
  echoesOrders: true,
  emits: {
    raised: [{ report: { type: 'service.attached' }, next: 'idle' }],
    fallen: [{ report: { type: 'service.rested' }, next: 'idle' }],
  },
  receives: {
    idle: { 'service.raise': 'raised', 'service.fall': 'fallen', 'service.kill': 'fallen' },
    raised: { 'service.fall': 'fallen' },
  },
};

/** As above, for a service without a link. */
export const absentLink = {
  initial: 'idle',
  echoesOrders: true,
  emits: {
    dialed: [{ report: { type: 'link.opened' }, next: 'idle' }],
    rested: [{ report: { type: 'link.rested' }, next: 'idle' }],
  },
  receives: {
    idle: { 'link.dial': 'dialed', 'link.rest': 'rested', 'link.drop': 'rested' },
    dialed: { 'link.rest': 'rested', 'link.drop': 'rested' },
    rested: { 'link.dial': 'dialed' },
  },
};
