/**
 * A simulation must find what is wrong. Each test puts one fault into a machine, a leaf, a driver
 * or the dice, and expects the promise that it breaks, with a schedule that is shorter than the
 * run's. The fault must never reach another file's tests.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Environment } from '../../src/runtime/live-host.ts';
import type { SimulateOptions } from '../../src/simulate/index.ts';

const machines = '../../machines/index.ts';
const leaves = '../../src/runtime/leaf.ts';

afterEach(() => {
  vi.doUnmock(machines);
  vi.doUnmock(leaves);
  vi.resetModules();
});

/** What the simulation says of a subject; empty when it finds nothing. */
async function told(options: SimulateOptions = {}): Promise<string> {
  vi.resetModules();
  const { simulate } = await import('../../src/simulate/index.ts');
  return simulate({ seed: 3, hours: 4, runs: 8, ...options }).then(
    () => '',
    (error: Error) => error.message,
  );
}

/** A subject whose surroundings are wrong. */
async function behind(change: (environment: Environment) => Partial<Environment>) {
  const { Gateway } = await import('../../src/runtime/gateway.ts');
  return told({
    make: (options, environment) =>
      new Gateway(options, { ...environment, ...change(environment) }),
  });
}

type Machines = typeof import('../../machines/index.ts');

async function withMachines(change: (real: Machines) => Partial<Record<keyof Machines, unknown>>) {
  const real = await vi.importActual<Machines>(machines);
  vi.doMock(machines, () => ({ ...real, ...change(real) }));
  return told();
}

/** A leaf of this name keeps what it holds when it is released. */
async function withGreedy(name: string) {
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

const expectShort = (message: string, most: number) => {
  const { needed, of } = acts(message);
  expect({ needed: needed <= most, shorter: needed < of }).toEqual({ needed: true, shorter: true });
  expect(message).toMatch(/again: holdfast simulate --seed 3 --hours 4 --runs 8 --run \d+ --keep/);
};

describe('a simulation', { timeout: 120_000 }, () => {
  it('finds nothing in what ships', async () => {
    expect(await told({ hours: 1, runs: 2 })).toBe('');
  });

  it('finds a socket leaf that forgets to release', async () => {
    const message = await withGreedy('socket');
    expect(message).toMatch(/^(one-socket|floor-is-kept|pause-holds-no-socket|rest-holds-nothing)/);
    expectShort(message, 3);
  });

  it('finds a stop that does not stop the service', async () => {
    const message = await withMachines(({ gateway }) => ({
      gateway: gateway.provide({ actions: { dropService: () => {} } }),
    }));
    expect(message).toMatch(/^(stopping-is-pursued|a-stop-ends)/);
    expectShort(message, 2);
  });

  it('finds a reconnect that loses its wait', async () => {
    const message = await withMachines(({ reconnect }) => ({
      reconnect: reconnect.provide({ delays: { backoff: 0 } }),
    }));
    expect(message).toMatch(/^(attempts-are-spaced|time-passes)/);
    expectShort(message, 4);
  });

  it('finds a reconnect that waits for ever', async () => {
    const message = await withMachines(({ reconnect }) => ({
      reconnect: reconnect.provide({ delays: { backoff: 2 ** 31 - 1 } }),
    }));
    expect(message).toMatch(/^wanted-comes-true/);
    expectShort(message, 4);
  });

  it('finds a transport that sends what it says it has not sent', async () => {
    const message = await behind(({ transport }) => ({
      transport: (target, events) => {
        const handle = transport(target, events);
        const { ping, close, reset } = {
          ping: () => handle.ping(),
          close: (code: number, reason: string) => handle.close(code, reason),
          reset: () => handle.reset(),
        };
        const send = (data: string | Uint8Array, done?: (error?: Error) => void) => {
          const isLie = String(data).includes('"never"');
          handle.send(data, isLie ? undefined : done);
          if (isLie) done?.(new Error('the line is gone'));
        };
        return { send, ping, close, reset, bufferedBytes: 0 };
      },
    }));
    expect(message).toMatch(/^delivery-is-true/);
    expectShort(message, 4);
  });

  it('finds a number that the seed does not decide', async () => {
    const message = await behind(() => ({ random: Math.random }));
    expect(message).toMatch(/^same-seed-same-run/);
  });
});
