/**
 * The configuration of the openclaw dialect: `config.get` with a hash, `config.set` with the hash
 * of what was read, a secret that is shown redacted and kept when it comes back so. It promises
 * that nothing is kept under another hash; it must never show the secret.
 */
import { createHash, randomUUID } from 'node:crypto';
import { isRecord, type JsonRecord, parseJson, textOf } from './json.ts';

export type Verdict =
  | { readonly ok: true; readonly payload: JsonRecord }
  | { readonly ok: false; readonly message: string };

const redacted = '__OPENCLAW_REDACTED__';
const changed = 'config changed since last load; re-run config.get and retry';

export class Configuration {
  /** so many of the next sets find that somebody else was faster */
  conflicts = 0;
  /** what becomes of the next sets, whose answers are lost */
  loss: { kept: boolean; ending: 'restart' | 'silence'; left: number } | undefined;
  #commits = 0;
  #others = 0;
  readonly #secret = randomUUID();
  #value: JsonRecord = { gateway: { auth: { token: this.#secret } } };

  snapshot(): JsonRecord {
    return { exists: true, valid: true, hash: this.#hash(), parsed: this.#shown() };
  }

  /** `ending`: how the answer gets lost. */
  set(params: JsonRecord): { verdict: Verdict; ending?: 'restart' | 'silence' } {
    const { loss } = this;
    if (this.conflicts > 0) {
      this.conflicts -= 1;
      this.#others += 1;
      this.#value = { ...this.#value, others: this.#others };
    }
    if (loss === undefined || loss.left < 1) return { verdict: this.#judge(params) };
    loss.left -= 1;
    const nothing: Verdict = { ok: false, message: 'not kept' };
    return { verdict: loss.kept ? this.#judge(params) : nothing, ending: loss.ending };
  }

  stats(): JsonRecord {
    const text = JSON.stringify(this.#value);
    return {
      commits: this.#commits,
      secretIntact: text.includes(`"token":${JSON.stringify(this.#secret)}`),
      redactedKept: text.includes(redacted),
      value: this.#shown(),
    };
  }

  #judge(params: JsonRecord): Verdict {
    if (params.baseHash !== this.#hash()) return { ok: false, message: changed };
    const value = parseJson(textOf(params, 'raw') ?? '');
    if (!isRecord(value)) return { ok: false, message: 'invalid config: must be an object' };
    const text = JSON.stringify(value).replaceAll(redacted, this.#secret);
    this.#value = JSON.parse(text) as JsonRecord;
    this.#commits += 1;
    // a real one stamps its own fields too, which no writer has asked for
    this.#value.meta = { writes: this.#commits };
    return { ok: true, payload: { ok: true, hash: this.#hash(), config: this.#shown() } };
  }

  #hash(): string {
    return createHash('sha256').update(JSON.stringify(this.#value)).digest('hex');
  }

  #shown(): JsonRecord {
    return JSON.parse(JSON.stringify(this.#value).replaceAll(this.#secret, redacted)) as JsonRecord;
  }
}
