/**
 * How an OpenClaw gateway is asked for its configuration and given another one: `config.get` and
 * `config.set` with the hash of what was read. It promises that what the gateway calls invalid is
 * never taken for a configuration. It must never read the text of a redacted value.
 */
import { HoldfastError } from '../errors.ts';
import { type Config, isConfig } from './changes.ts';
import { corrupt } from './config-file.ts';

/** What a request needs to know; `request` has the deadline and the signal of the change. */
export interface Ask {
  /** Rejects as `gateway.request` does. */
  request<T>(method: string, params?: unknown): Promise<T>;
  signal: AbortSignal;
}

export interface Snapshot {
  value: Config;
  /** what `set` compares with; undefined when there is none yet */
  baseHash: string | undefined;
}

export interface Proposal extends Snapshot {
  /** `value` as text */
  raw: string;
}

/**
 * `config.get`: the configuration as its author wrote it, secrets redacted, without the defaults
 * of the running service.
 */
export async function getOpenclawConfig({ request }: Ask): Promise<Snapshot> {
  const answer = await request<unknown>('config.get', {});
  const { parsed, hash, valid, exists } = isConfig(answer) ? answer : {};
  const value = exists === false && (parsed === undefined || parsed === null) ? {} : parsed;
  if (valid === false || !isConfig(value)) throw corrupt('the service', 'it is not valid there');
  return { value, baseHash: typeof hash === 'string' ? hash : undefined };
}

/** `config.set`: with the hash of another configuration it answers `conflict`. */
export async function setOpenclawConfig(
  { request }: Ask,
  { raw, baseHash }: Proposal,
): Promise<'committed' | 'conflict'> {
  try {
    await request('config.set', { raw, ...(baseHash === undefined ? {} : { baseHash }) });
    return 'committed';
  } catch (error) {
    if (isConflict(error)) return 'conflict';
    throw error;
  }
}

/** The gateway has no code of its own for it; these words are in all of its refusals of a hash. */
function isConflict(error: unknown): boolean {
  if (!(error instanceof HoldfastError) || error.delivery !== 'answered') return false;
  const { server } = error.details;
  return isConfig(server) && /re-run config\.get and retry/.test(String(server.message));
}
