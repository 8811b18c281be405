/**
 * What each half of the gateway promises it, as one automaton per half: which orders it takes in
 * which state, and which reports may follow. The halves are proved to stay inside, whoever gives
 * the orders; the gateway is proved against the automata alone. An automaton must never promise
 * that a report comes, and it speaks only of reports of the generation in force: all others are
 * inert.
 */

/** A report, and the state that it leads to. */
export interface Emission {
  report: { type: string; [key: string]: unknown };
  next: string;
}

/** One half as the gateway sees it; hints change a state where `receives` says so. */
export interface Contract {
  initial: string;
  echoesOrders: true;
  emits: Readonly<Record<string, readonly Emission[]>>;
  receives: Readonly<Record<string, Readonly<Record<string, string>>>>;
  hints: readonly string[];
  /** may the half hold anything in this state? */
  live(state: string): boolean;
}

/** Where an order leads that a contract does not take. */
export const untaken = 'untaken';

interface State {
  /** orders that may come here; any other breaks the contract */
  takes: readonly string[];
  /** where hints lead that matter here, and orders that lead elsewhere from here */
  except?: Readonly<Record<string, string>>;
  says: readonly Emission[];
}

interface Clauses {
  /** each order, and where it leads from wherever it is taken */
  orders: Readonly<Record<string, string>>;
  hints: readonly string[];
  states: Readonly<Record<string, State>>;
  /** states in which nothing is alive and nothing is armed, or what is cannot be helped */
  empty: readonly string[];
}

function contract({ orders, hints, states, empty }: Clauses): Contract {
  const reaction = ({ takes, except }: State) => ({
    ...Object.fromEntries(
      Object.entries(orders).map(([type, next]) => [type, takes.includes(type) ? next : untaken]),
    ),
    ...except,
  });
  const each = Object.entries(states);
  return {
    initial: 'idle',
    echoesOrders: true,
    emits: Object.fromEntries(each.map(([state, { says }]) => [state, says])),
    receives: Object.fromEntries(each.map(([state, clauses]) => [state, reaction(clauses)])),
    hints,
    live: (state) => state !== untaken && !empty.includes(state),
  };
}

const says = (next: string, type: string, rest: object = {}): Emission => ({
  report: { type, ...rest },
  next,
});

// the link ------------------------------------------------------------------

const lossCauses = ['lost', 'restart', 'wait', 'again'];
const attempted = [
  says('open', 'link.opened'),
  ...lossCauses.map((cause) => says('dialed', 'link.unreachable', { cause })),
];
const stuck = [
  ...['credentials', 'pairing'].map((why) => says('paused', 'link.paused', { why })),
  ...['exhausted', 'protocol', 'identity', 'unauthorised'].map((why) =>
    says('failed', 'link.failed', { why }),
  ),
];
const ending = ['link.rest', 'link.drop'];
const wanted = ['link.retarget', ...ending];

/** The link: once dialed it tries until it is told to rest, or says why it does not. */
export const linkContract = contract({
  orders: {
    'link.dial': 'dialed',
    'link.retarget': 'dialed',
    'link.rest': 'rested',
    'link.drop': 'rested',
  },
  hints: ['link.nudge', 'link.resume', 'host.resumed'],
  states: {
    idle: { takes: ['link.dial', ...ending], says: [] },
    dialed: { takes: wanted, says: [...attempted, ...stuck] },
    open: {
      takes: wanted,
      says: [
        ...[...lossCauses, 'mute'].map((cause) => says('dialed', 'link.lost', { cause })),
        ...stuck,
      ],
    },
    paused: {
      takes: wanted,
      except: { 'link.resume': 'dialed' },
      // a pairing is asked for again by itself, and the hint may have come before the pause
      says: [...attempted, ...stuck],
    },
    failed: { takes: ['link.dial', ...wanted], says: [] },
    rested: { takes: ['link.dial', ...ending], says: [says('idle', 'link.rested')] },
  },
  empty: ['idle', 'failed'],
});

// the service ---------------------------------------------------------------

const launching = says('raised', 'service.launching');
const rested = says('idle', 'service.rested');
const unkillable = says('unkillable', 'service.unkillable');
const failing = (...reasons: string[]) =>
  reasons.map((why) => says('failed', 'service.failed', { why }));
const gaveUp = failing('exhausted', 'configuration', 'runtime');
const occupied = failing('occupied');
const up = says('up', 'service.ready');
const attached = says('attached', 'service.attached');
const fall = 'service.fall';
const serve = ['service.raise', 'service.cycle', 'service.recover', fall];
/** What was up may be further than was heard when a reload comes. */
const served = [...serve, 'service.reload'];

/** Nothing runs that is known: it is found, or launched before it is ready. */
const fromNothing = { 'service.raise': 'unlaunched' };

/** The service: once raised it serves, starts again or gives up; fallen it is gone or on record. */
export const serviceContract = contract({
  orders: {
    'service.raise': 'raised',
    'service.cycle': 'cycled',
    'service.recover': 'recovered',
    'service.reload': 'reloading',
    'service.fall': 'fallen',
    'service.kill': 'fallen',
  },
  hints: ['service.nudge', 'service.look', 'host.resumed'],
  states: {
    idle: { takes: [...served, 'service.kill'], except: fromNothing, says: [] },
    unlaunched: {
      takes: [fall],
      says: [
        launching,
        up,
        attached,
        // found, it may end before anything is launched
        ...failing('configuration', 'runtime'),
        ...occupied,
        unkillable,
      ],
    },
    raised: {
      takes: served,
      says: [launching, up, attached, ...failing('plan'), ...gaveUp, ...occupied, unkillable],
    },
    cycled: { takes: [fall], says: [launching, attached, ...occupied, unkillable] },
    recovered: { takes: [fall], says: [launching, attached, ...gaveUp, ...occupied, unkillable] },
    up: {
      takes: served,
      says: [says('down', 'service.down'), ...failing('exhausted', 'runtime'), unkillable],
    },
    reloading: {
      takes: serve,
      says: [
        says('up', 'service.reloaded'),
        says('up', 'service.unreloaded'),
        says('lost', 'service.down'),
        ...failing('exhausted', 'runtime'),
        unkillable,
      ],
    },
    // it was told to reload when it was gone already, and may be further than was heard
    lost: {
      // nobody doubts it while a reload is owed, nor asks for another one
      takes: ['service.raise', 'service.cycle', fall],
      says: [launching, up, attached, ...gaveUp, ...occupied, unkillable],
    },
    down: {
      takes: served,
      // a repair may stand between an exit and the next launch
      says: [launching, attached, ...failing('configuration'), ...occupied, unkillable],
    },
    attached: { takes: served, says: [says('down', 'service.down')] },
    fallen: { takes: [fall, 'service.kill'], says: [rested, unkillable] },
    unkillable: { takes: [...served, 'service.kill'], says: [rested] },
    failed: { takes: served, except: fromNothing, says: [] },
  },
  empty: ['idle', 'failed', 'unkillable'],
});

/** What stands for a service that is not there: ready as soon as it is asked, and never ours. */
export const absentServiceContract = contract({
  orders: {
    'service.raise': 'raised',
    'service.fall': 'fallen',
    'service.kill': 'fallen',
    // no state takes these: what is never ours is never replaced
    'service.cycle': untaken,
    'service.recover': untaken,
    'service.reload': untaken,
  },
  hints: ['service.nudge', 'host.resumed'],
  states: {
    idle: { takes: ['service.raise', fall, 'service.kill'], says: [] },
    raised: { takes: [fall], says: [says('up', 'service.attached')] },
    up: { takes: ['service.raise', fall], says: [] },
    fallen: { takes: [fall, 'service.kill'], says: [rested] },
  },
  empty: ['idle'],
});
