/**
 * Subjects with one fault in a machine, a leaf, a driver or the dice, and what a simulation says of
 * them. It promises that the fault is gone after the test, and must never reach another file's.
 */
import { expect, onTestFinished, vi } from 'vitest';
import type { Environment } from '../../src/runtime/live-host.ts';
import type { SimulateOptions } from '../../src/simulate/index.ts';

const machines = '../../machines/index.ts';
const leaves = '../../src/runtime/leaf.ts';

function forget(): void {
  vi.doUnmock(machines);
  vi.doUnmock(leaves);
  vi.resetModules();
}

/** What the simulation says of a subject; empty when it finds nothing. */
async function told(options: SimulateOptions = {}): Promise<string> {
  onTestFinished(forget);
  vi.resetModules();
  const { simulate } = await import('../../src/simulate/index.ts');
  return simulate({ seed: 3, hours: 4, runs: 8, ...options }).then(
    () => '',
    (error: Error) => error.message,
  );
}

/** A subject whose surroundings are wrong. */
export async function behind(change: (environment: Environment) => Partial<Environment>) {
  const { Gateway } = await import('../../src/runtime/gateway.ts');
  return told({
    make: (options, environment) =>
      new Gateway(options, { ...environment, ...change(environment) }),
  });
}

type Machines = typeof import('../../machines/index.ts');

export async function withMachines(
  change: (real: Machines) => Partial<Record<keyof Machines, unknown>>,
) {
  const real = await vi.importActual<Machines>(machines);
  vi.doMock(machines, () => ({ ...real, ...change(real) }));
  return told();
}

/** A leaf of this name keeps what it holds when it is released. */
export async function withGreedy(name: string) {
  const real = await vi.importActual<typeof import('../../src/runtime/leaf.ts')>(leaves);
  const leaf: typeof real.leaf = (known, host, body) =>
    real.leaf(known, host, (input, post) => {
      const running = body(input, post);
      return known === name ? { ...running, release() {} } : running;
    });
  vi.doMock(leaves, () => ({ ...real, leaf }));
  return told();
}

/** How many acts are left, of how many. */
function acts(message: string): { needed: number; of: number } {
  const [, needed, of] = /(\d+) of (\d+) acts/.exec(message) ?? [];
  return { needed: Number(needed), of: Number(of) };
}

export const expectShort = (message: string, most: number) => {
  const { needed, of } = acts(message);
  expect({ needed: needed <= most, shorter: needed < of }).toEqual({ needed: true, shorter: true });
  expect(message).toMatch(/again: holdfast simulate --seed 3 --hours 4 --runs 8 --run \d+ --keep/);
};
