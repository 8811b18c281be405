/**
 * One configuration, changed by one change after another. Promises compare-and-set on every way: a
 * change is made to what was read, and lands only where nobody else wrote meanwhile; each settles
 * in bounded time, and says what is known when an answer was lost. It must never start the service,
 * never overwrite what it cannot read, and never call a change committed that nobody has seen.
 */
import { isDeepStrictEqual } from 'node:util';
import { HoldfastError, isHoldfastError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { invalid } from '../runtime/defaults.ts';
import type { Gateway } from '../runtime/gateway.ts';
import { calling } from '../runtime/host.ts';
import { type Config, changesBetween, isConfig, redactedIn, type Seen, seenIn } from './changes.ts';
import { ConfigFile, corrupt } from './config-file.ts';
import { Limit } from './limit.ts';
import {
  type Ask,
  getOpenclawConfig,
  type Proposal,
  type Snapshot,
  setOpenclawConfig,
} from './openclaw-config.ts';

/** Changes the copy it is given, or returns another one. Called anew for every fresh snapshot. */
export type Mutate = (copy: Config) => unknown;

export interface ConfigDeliveryOptions {
  /** what `createGateway` or `connect` returned; it is asked, and never started */
  gateway: { readonly status: Pick<Gateway['status'], 'state'>; request: Gateway['request'] };
  /** changed while the service is not up; default none: a connection is waited for */
  file?: string;
  /** reads over requests; default `config.get` of OpenClaw */
  get?: (ask: Ask) => Promise<Snapshot>;
  /** writes over requests; default `config.set` of OpenClaw. A throw counts as an answer lost */
  set?: (ask: Ask, proposal: Proposal) => Promise<'committed' | 'conflict'>;
  /** reads the text of the file; default `JSON.parse` */
  parse?: (text: string) => unknown;
  /** writes what `parse` reads; default JSON, two columns, and a line's end */
  serialise?: (value: Config) => string | Promise<string>;
  /** what the service shows instead of a secret; default `__OPENCLAW_REDACTED__` */
  redacted?: string;
  /** a change takes at most this long, its turn once come; default 60,000 ms */
  timeoutMs?: number;
  /** one request is waited for at most this long; default 15,000 ms */
  requestMs?: number;
}

export interface ChangeOptions {
  /** rejects with `HF_ABORTED`; `delivery` says whether the service may have it all the same */
  signal?: AbortSignal;
}

export interface ConfigChange {
  /** false: there was nothing to change */
  committed: boolean;
  /** where it was read and written */
  via: 'request' | 'file';
  /**
   * true: the running service has this configuration. Whether a setting acts before a restart is
   * its own affair. false: the file has it, and a service that is starting may have read it before.
   */
  applied: boolean;
  /** true: the answer was lost, and reading again has shown the change */
  reread: boolean;
}

type Way = ConfigChange['via'];
/** `switch`: the other way is the right one now. */
type Attempt = ConfigChange | 'conflict' | 'switch';

const rereadsMax = 3;
const defaultText = (value: Config) => `${JSON.stringify(value, null, 2)}\n`;

export class ConfigDelivery {
  #options: Required<Omit<ConfigDeliveryOptions, 'file'>>;
  #file: ConfigFile | undefined;
  #clock: Clock;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ file, ...options }: ConfigDeliveryOptions, clock: Clock) {
    this.#options = {
      get: getOpenclawConfig,
      set: setOpenclawConfig,
      parse: JSON.parse,
      serialise: defaultText,
      redacted: '__OPENCLAW_REDACTED__',
      timeoutMs: 60_000,
      requestMs: 15_000,
      ...options,
    };
    for (const name of ['timeoutMs', 'requestMs'] as const) {
      const ms = this.#options[name];
      if (Number.isInteger(ms) && ms > 0 && ms < 2 ** 31) continue;
      throw invalid(`configDelivery: ${name}`, 'must be a whole number from 1 to 2^31 - 1', ms);
    }
    if (file === '') throw invalid('configDelivery: file', 'must name a file', file);
    this.#file = file === undefined ? undefined : new ConfigFile(file);
    this.#clock = clock;
  }

  /**
   * Makes one change, after those that were asked for before it. Rejects with
   * `HF_CONFIG_CONFLICT`, `HF_CONFIG_CORRUPT`, `HF_CONFIG_FILE`, `HF_CONFIG_UNCERTAIN`,
   * `HF_TIMEOUT`, `HF_ABORTED`, `HF_USER_FUNCTION` when a function of yours fails, or the error of
   * the request; nothing is written then, unless `delivery` is `maybe-executed`.
   */
  change(mutate: Mutate, { signal }: ChangeOptions = {}): Promise<ConfigChange> {
    const before = this.#turn;
    const mine = this.#queued(before, mutate, signal);
    // who leaves the queue early does not let the next one pass those before it
    this.#turn = Promise.allSettled([before, mine]);
    return mine;
  }

  async #queued(before: Promise<unknown>, mutate: Mutate, signal: AbortSignal | undefined) {
    await turnOf(before, signal);
    const limit = new Limit(this.#options.timeoutMs, this.#clock, signal);
    try {
      return await this.#run(mutate, limit);
    } finally {
      limit.end();
    }
  }

  async #run(mutate: Mutate, limit: Limit): Promise<ConfigChange> {
    for (let conflicts = 0; ; ) {
      const way = this.#way();
      const attempt = await (way === 'file'
        ? this.#byFile(mutate, limit)
        : this.#byRequest(mutate, limit));
      if (typeof attempt === 'object') return attempt;
      if (attempt === 'switch') continue;
      conflicts += 1;
      if (conflicts === 2) throw conflict(way);
    }
  }

  /** A link that is being restored is waited for: its service may write the file itself. */
  #way(): Way {
    const { state } = this.#options.gateway.status;
    const isUp = state === 'running' || state === 'reconnecting' || state === 'restarting';
    return isUp || this.#file === undefined ? 'request' : 'file';
  }

  async #byRequest(mutate: Mutate, limit: Limit): Promise<Attempt> {
    let before: Snapshot;
    try {
      before = await this.#get(limit);
    } catch (error) {
      if (isUnsent(error) && this.#way() === 'file') return 'switch';
      throw unsent(error);
    }
    const value = await this.#mutated(mutate, before.value, limit);
    if (value === undefined) return unchanged('request');
    const raw = await this.#text(value, limit);
    const proposal = { value, raw, baseHash: before.baseHash };
    const ask = this.#ask(limit, false);
    try {
      const said = await limit.within(() => this.#options.set(ask, proposal));
      if (said === 'conflict') return said;
      if (said !== 'committed') throw invalid('set', 'must answer committed or conflict', said);
      return { committed: true, via: 'request', applied: true, reread: false };
    } catch (error) {
      if (isUnsent(error) && this.#way() === 'file') return 'switch';
      if (isUnsent(error) || isAnswered(error)) throw error;
      if (limit.signal.aborted) throw limit.because('maybe-executed');
      return await this.#reread(before.value, value, limit, error);
    }
  }

  async #byFile(mutate: Mutate, limit: Limit): Promise<Attempt> {
    const file = this.#file;
    if (file === undefined) return 'switch';
    const { value: before, hash } = await this.#read(file, limit);
    const value = await this.#mutated(mutate, before, limit);
    if (value === undefined) return unchanged('file');
    const { redacted } = this.#options;
    if (redactedIn(value, redacted) > redactedIn(before, redacted)) {
      throw failed('mutate', 'put a redacted value where the file has none');
    }
    const text = await this.#text(value, limit);
    const unread = () => failed('serialise', 'wrote what parse does not read back');
    if (!isDeepStrictEqual(await this.#parsed(text, limit, unread), value)) throw unread();
    if (limit.signal.aborted) throw limit.because();
    // from here on nothing gives way until the file is replaced
    if (this.#way() === 'request') return 'switch';
    if (!file.replace(text, hash)) return 'conflict';
    return { committed: true, via: 'file', applied: false, reread: false };
  }

  /** The answer is lost: only what is read now can say what became of the change. */
  async #reread(before: Config, value: Config, limit: Limit, cause: unknown) {
    const changes = changesBetween(before, value);
    let seen: Seen | 'unread' = 'unread';
    let via: Way = 'request';
    for (let reads = 0; reads < rereadsMax && seen === 'unread'; reads += 1) {
      via = this.#way();
      try {
        const found = await (via === 'file' && this.#file !== undefined
          ? this.#read(this.#file, limit)
          : this.#get(limit));
        seen = seenIn(found.value, changes, this.#options.redacted);
      } catch {
        if (limit.signal.aborted) throw limit.because('maybe-executed');
      }
    }
    if (seen !== 'there') throw uncertain(seen, cause);
    // it was committed over a request, whoever shows it
    const applied = via === 'request';
    return { committed: true, via: 'request', applied, reread: true } satisfies ConfigChange;
  }

  async #get(limit: Limit): Promise<Snapshot> {
    const ask = this.#ask(limit, true);
    const asked = async () => {
      const { value, baseHash } = await this.#options.get(ask);
      return { value: plain(value), baseHash };
    };
    const { value, baseHash } = await limit.within(() => calling('get', asked));
    if (!isConfig(value)) throw corrupt('the service', 'it is not an object');
    return { value, baseHash };
  }

  async #read(file: ConfigFile, limit: Limit): Promise<{ value: Config; hash: string | null }> {
    const { text, hash } = file.read();
    if (text === null) return { value: {}, hash };
    const value = await this.#parsed(text, limit, () => corrupt('the file', 'it cannot be parsed'));
    if (!isConfig(value)) throw corrupt('the file', 'it is not an object');
    return { value, hash };
  }

  /** A parser may quote what it could not read, and secrets are in there: its error is dropped. */
  #parsed(text: string, limit: Limit, otherwise: () => HoldfastError): Promise<unknown> {
    const parsed = async () => plain(await this.#options.parse(text));
    return limit.within(parsed).catch(() => {
      throw limit.signal.aborted ? limit.because() : otherwise();
    });
  }

  async #text(value: Config, limit: Limit): Promise<string> {
    const { serialise } = this.#options;
    const copy = structuredClone(value);
    const text: unknown = await limit.within(() => calling('serialise', () => serialise(copy)));
    if (typeof text !== 'string') throw failed('serialise', 'must answer text');
    return text;
  }

  /** undefined: nothing changed */
  async #mutated(mutate: Mutate, before: Config, limit: Limit): Promise<Config | undefined> {
    const copy = structuredClone(before);
    const answer = await limit.within(() => calling('mutate', () => mutate(copy)));
    let value: unknown;
    try {
      value = plain(answer === undefined ? copy : answer);
    } catch {
      throw failed('mutate', 'answered what is not JSON');
    }
    if (!isConfig(value)) throw failed('mutate', 'must answer an object');
    return isDeepStrictEqual(value, plain(before)) ? undefined : value;
  }

  #ask(limit: Limit, waits: boolean): Ask {
    const { gateway, requestMs } = this.#options;
    return {
      signal: limit.signal,
      request: (method, params) =>
        gateway.request(method, params, {
          signal: limit.signal,
          timeoutMs: Math.min(requestMs, limit.leftMs),
          waitReadyMs: waits ? limit.leftMs : 0,
        }),
    };
  }
}

/** Waits for those before it; whoever is aborted meanwhile waits no longer. */
function turnOf(before: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const message = 'change() was aborted by its signal before its turn';
    const abort = () => reject(new HoldfastError('HF_ABORTED', message, { delivery: 'not-sent' }));
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    before.then(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
  });
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const unchanged = (via: Way): ConfigChange => ({
  committed: false,
  via,
  applied: via === 'request',
  reread: false,
});

const isUnsent = (error: unknown) => isHoldfastError(error) && error.delivery === 'not-sent';
const isAnswered = (error: unknown) => isHoldfastError(error) && error.delivery === 'answered';

/** Nothing but a question was asked: of the change nothing was sent. */
function unsent(error: unknown): unknown {
  if (!isHoldfastError(error) || error.delivery !== 'maybe-executed') return error;
  const { code, message, details } = error;
  return new HoldfastError(code, message, { details, delivery: 'not-sent', cause: error });
}

const failed = (option: string, why: string) =>
  new HoldfastError('HF_USER_FUNCTION', `${option} ${why}`, { details: { option } });

const conflict = (via: Way) =>
  new HoldfastError(
    'HF_CONFIG_CONFLICT',
    'the configuration was changed by somebody else twice; nothing was overwritten',
    { details: { via } },
  );

const words: Record<Exclude<Seen, 'there'> | 'unread', string> = {
  absent: 'reading again has not shown the change, which may still arrive',
  hidden: 'reading again shows redacted values in its place',
  unread: 'the configuration could not be read again',
};

const uncertain = (seen: Exclude<Seen, 'there'> | 'unread', cause: unknown) =>
  new HoldfastError('HF_CONFIG_UNCERTAIN', `the answer was lost, and ${words[seen]}`, {
    delivery: 'maybe-executed',
    details: { seen },
    cause,
  });
