/**
 * The one table of faults: name, parameters, what each does. The command line, the control channel
 * and `--help` are all read from it, so they cannot disagree. Nothing here acts and nothing here
 * checks: see fault-request.ts for the second and effects.ts for the first.
 */

interface IntegerRule<F extends number | undefined> {
  readonly kind: 'integer';
  readonly min: number;
  readonly max: number;
  readonly fallback: F;
}
interface TextRule<F extends string | undefined> {
  readonly kind: 'text';
  readonly fallback: F;
}
interface ChoiceRule<C extends string> {
  readonly kind: 'choice';
  readonly of: readonly C[];
  readonly fallback: C;
}
interface FlagRule {
  readonly kind: 'flag';
  readonly fallback: boolean;
}
interface CloseCodeRule {
  readonly kind: 'closeCode';
  readonly fallback: number;
}
export type Rule =
  | CloseCodeRule
  | IntegerRule<number | undefined>
  | TextRule<string | undefined>
  | ChoiceRule<string>
  | FlagRule;

const integer = <F extends number | undefined>(fallback: F, min: number, max: number) =>
  ({ kind: 'integer', min, max, fallback }) satisfies IntegerRule<F>;
const duration = <F extends number | undefined>(fallback: F) => integer(fallback, 0, 600_000);
const count = (fallback: number) => integer(fallback, 0, 1_000_000);
const text = <F extends string | undefined>(fallback: F) =>
  ({ kind: 'text', fallback }) satisfies TextRule<F>;
const choice = <C extends string>(fallback: NoInfer<C>, of: readonly C[]): ChoiceRule<C> => ({
  kind: 'choice',
  of,
  fallback,
});
const closeCode = (fallback: number): CloseCodeRule => ({ kind: 'closeCode', fallback });
const flag = (fallback: boolean): FlagRule => ({ kind: 'flag', fallback });

/** What a connection reaches after its upgrade was answered; plain and jsonrpc greet at once. */
export type Moment = 'open' | 'hello';

/** Which connections: all that are open now, or the next `times` to reach a moment (0: all). */
const moments = ['now', 'open', 'hello'] as const;
const reach = { at: choice('now', moments), times: count(1) };
const earlyReach = { at: choice('now', [...moments, 'upgrade'] as const), times: count(1) };
const stream = choice('stderr', ['stdout', 'stderr'] as const);

export interface FaultRow {
  /** start: only on the command line · run: any time · openclaw: any time, in that dialect */
  readonly when: 'start' | 'run' | 'openclaw';
  readonly parameters: Readonly<Record<string, Rule>>;
  readonly does: string;
}

export const faults = {
  // a start that goes wrong
  'slow-start': {
    when: 'start',
    parameters: { ms: duration(2000) },
    does: 'listens only after ms; nothing answers before',
  },
  'slow-ready': {
    when: 'start',
    parameters: { ms: duration(2000) },
    does: 'listens at once; for ms /readyz says 503 and openclaw answers startup-sidecars',
  },
  'never-ready': {
    when: 'start',
    parameters: {},
    does: 'listens, never prints the readiness line, /readyz says 503 for ever',
  },
  'exit-at-start': {
    when: 'start',
    parameters: {
      code: integer(78, 0, 255),
      says: text('Invalid config: practice was told to find its configuration wrong'),
    },
    does: 'prints says on stderr and exits with code before it listens',
  },
  'crash-at-start': {
    when: 'start',
    parameters: {},
    does: 'throws before it listens: a stack on stderr, exit code 1',
  },
  // the listener
  refuse: {
    when: 'run',
    parameters: { forMs: integer(1000, 1, 600_000), drop: flag(false) },
    does: 'closes the listener for forMs, same pid; drop also resets the open connections',
  },
  reject: {
    when: 'run',
    parameters: { status: integer(503, 400, 599), times: count(1) },
    does: 'answers the next times upgrades with an HTTP status (times 0: all, until clear)',
  },
  // the connection
  drop: {
    when: 'run',
    parameters: { ...earlyReach },
    does: 'resets connections (RST, no close frame)',
  },
  halfclose: {
    when: 'run',
    parameters: { ...earlyReach },
    does: 'sends FIN without a close frame and keeps reading',
  },
  close: {
    when: 'run',
    parameters: { code: closeCode(1001), reason: text(''), ...reach },
    does: 'closes connections with code and reason',
  },
  hang: {
    when: 'run',
    parameters: { forMs: duration(0), ...earlyReach },
    does: 'stops reading: no answer, no pong, the peer backs up; resumes after forMs',
  },
  blackhole: {
    when: 'run',
    parameters: { forMs: duration(0), ...earlyReach },
    does: 'reads and throws away, sends nothing more; a connection it took never comes back',
  },
  mute: {
    when: 'run',
    parameters: { forMs: duration(0), ...reach },
    does: 'drops every frame and sends none, but still pongs',
  },
  'no-pong': {
    when: 'run',
    parameters: { forMs: duration(0) },
    does: 'answers frames but not WebSocket pings',
  },
  slow: {
    when: 'run',
    parameters: { ms: duration(500), pongs: flag(false), forMs: duration(0) },
    does: 'delays each answer (and, with pongs, each pong) by ms',
  },
  repeat: {
    when: 'run',
    parameters: { copies: integer(2, 1, 100), forMs: duration(0) },
    does: 'sends each answer that many times',
  },
  say: {
    when: 'run',
    parameters: {
      text: text('practice'),
      bytes: integer(0, 0, 64 * 1024 * 1024),
      binary: flag(false),
      ...reach,
    },
    does: 'sends text as a raw frame, padded to bytes',
  },
  emit: {
    when: 'run',
    parameters: { event: text('practice'), count: count(1), ...reach },
    does: 'sends count events in the words of the dialect',
  },
  // the process
  crash: {
    when: 'run',
    parameters: { exitCode: integer(1, 0, 255), signal: text(undefined), says: text(undefined) },
    does: 'exits at once, or kills itself by signal; says goes to stderr first',
  },
  restart: {
    when: 'run',
    parameters: {
      refuseMs: duration(undefined),
      startingMs: duration(undefined),
      expectedMs: duration(undefined),
    },
    does: 'restarts in process, as SIGUSR2 does: close 1012, refuse, same pid, new bootId',
  },
  stall: {
    when: 'run',
    parameters: { ms: integer(1000, 1, 60_000) },
    does: 'blocks its own event loop for ms',
  },
  'signal-ignore': {
    when: 'run',
    parameters: { signals: text('SIGTERM') },
    does: 'ignores these of SIGTERM SIGINT SIGHUP SIGUSR2 (separated by + or space)',
  },
  'slow-drain': {
    when: 'run',
    parameters: { ms: duration(3000) },
    does: 'keeps serving for ms after SIGTERM, then stops as usual',
  },
  flood: {
    when: 'run',
    parameters: {
      bytes: integer(8 * 1024 * 1024, 1, 1024 * 1024 * 1024),
      stream: choice('stdout', ['stdout', 'stderr'] as const),
      lineBytes: integer(100, 0, 1024 * 1024),
    },
    does: 'writes bytes in lines of lineBytes (0: one single line)',
  },
  print: {
    when: 'run',
    parameters: { text: text('practice'), stream },
    does: 'prints one line',
  },
  'split-utf8': {
    when: 'run',
    parameters: { stream, gapMs: duration(20) },
    does: 'prints "half a café" with the é split over two writes gapMs apart',
  },
  grandchild: {
    when: 'run',
    parameters: { lifeMs: integer(60_000, 1, 600_000) },
    does: 'starts a process in a session of its own that ignores SIGTERM; answers its pid',
  },
  // openclaw
  deny: {
    when: 'openclaw',
    parameters: {
      code: text('AUTH_TOKEN_MISMATCH'),
      closeCode: closeCode(1008),
      retryAfterMs: duration(undefined),
      times: count(1),
    },
    does: 'refuses the next times connects with details.code and closeCode (times 0: all)',
  },
  'rate-limit': {
    when: 'openclaw',
    parameters: { retryAfterMs: duration(3000), forMs: duration(undefined) },
    does: 'answers AUTH_RATE_LIMITED to every connect for forMs (default: retryAfterMs)',
  },
  pairing: {
    when: 'openclaw',
    parameters: {
      mode: choice('required', ['required', 'approve', 'auto'] as const),
      wait: flag(false),
      requestId: text(undefined),
    },
    does: 'unknown devices need approval; approve lets them in; wait adds the wait_then_retry hint',
  },
  signature: {
    when: 'openclaw',
    parameters: { accept: choice('v2', ['both', 'v2', 'v3', 'none'] as const) },
    does: 'accepts only these device signatures',
  },
  forget: {
    when: 'openclaw',
    parameters: { what: choice('tokens', ['tokens', 'devices'] as const) },
    does: 'revokes every device token, or unpairs every device',
  },
  token: {
    when: 'openclaw',
    parameters: { value: text(undefined) },
    does: 'changes the shared token (without value: none is needed)',
  },
  protocol: {
    when: 'openclaw',
    parameters: { expected: integer(5, 1, 99) },
    does: 'speaks only this protocol version from now on',
  },
  'no-challenge': {
    when: 'openclaw',
    parameters: { times: count(1) },
    does: 'sends no connect.challenge to the next times connections (times 0: to none)',
  },
  'seq-gap': {
    when: 'openclaw',
    parameters: { skip: integer(1, 1, 1000) },
    does: 'leaves skip numbers out before the next event of each connection',
  },
  'config-conflict': {
    when: 'openclaw',
    parameters: { times: count(1) },
    does: 'somebody else writes the configuration just before the next times config.set are judged',
  },
  'config-lost': {
    when: 'openclaw',
    parameters: {
      kept: flag(true),
      ending: choice('restart', ['restart', 'silence'] as const),
      times: count(1),
    },
    does: 'the next times config.set, kept or not, get no answer but a restart, or none at all',
  },
  ticks: {
    when: 'openclaw',
    parameters: { everyMs: duration(0) },
    does: 'ticks at this interval from now on, whatever hello-ok said (0: never)',
  },
  clear: {
    when: 'run',
    parameters: { counters: flag(false) },
    does: 'ends every fault that lasts or waits; counters also zeroes /stats',
  },
} as const satisfies Record<string, FaultRow>;

export type FaultName = keyof typeof faults;

type ValueOf<R> =
  R extends IntegerRule<infer F>
    ? number | (undefined extends F ? undefined : never)
    : R extends TextRule<infer F>
      ? string | (undefined extends F ? undefined : never)
      : R extends ChoiceRule<infer C>
        ? C
        : R extends CloseCodeRule
          ? number
          : boolean;

/** The checked parameters of one fault; every one has its default already. */
export type FaultValues<N extends FaultName> = {
  readonly [K in keyof (typeof faults)[N]['parameters']]: ValueOf<
    (typeof faults)[N]['parameters'][K]
  >;
};

export type FaultRequest = {
  [N in FaultName]: { readonly name: N; readonly afterMs: number; readonly values: FaultValues<N> };
}[FaultName];
