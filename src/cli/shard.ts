/**
 * A share of the work for each of several machines: which explorations run here. The shares of
 * all are the whole, none twice. It must never be empty, or a machine that explored nothing would
 * call it proved.
 */
import { UsageError } from './arguments.ts';

export interface Shard {
  /** from 1 */
  index: number;
  of: number;
}

export const shard =
  (option: string) =>
  (text: string): Shard => {
    const [, index, of] = (/^(\d{1,3})\/(\d{1,3})$/.exec(text) ?? []).map(Number);
    if (index !== undefined && of !== undefined && index >= 1 && index <= of) return { index, of };
    const rule = 'i/n, with i from 1 to n, such as 2/3';
    throw new UsageError(`${option} must be ${rule}; got ${JSON.stringify(text)}`);
  };

/** The share of one: every n-th, so that neighbours in size go to different machines. */
export function share<T>(all: readonly T[], { index, of }: Shard): T[] {
  if (of > all.length) {
    const rule = `--shard must have at most ${all.length} shares, one for each exploration`;
    throw new UsageError(`${rule}; got "${index}/${of}"`);
  }
  return all.filter((_, i) => i % of === index - 1);
}
