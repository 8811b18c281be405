/** A simulation finds what is wrong: the promise that breaks, after a schedule that is short. */
import { describe, expect, it } from 'vitest';
import { behind, expectShort, withGreedy, withMachines } from './faulty.ts';

describe('a simulation', { timeout: 120_000 }, () => {
  it('finds a socket leaf that forgets to release', async () => {
    const message = await withGreedy('socket');
    expect(message).toMatch(/^(one-socket|floor-is-kept|pause-holds-no-socket|rest-holds-nothing)/);
    expectShort(message, 3);
  });

  it('finds a stop that does not stop the service', async () => {
    const message = await withMachines(({ gateway }) => ({
      gateway: gateway.provide({ actions: { dropService: () => {} } }),
    }));
    expect(message).toMatch(/^(root-knows-its-halves|stopping-is-pursued|a-stop-ends)/);
    expectShort(message, 2);
  });

  it('finds a number that the seed does not decide', async () => {
    const message = await behind(() => ({ random: Math.random }));
    expect(message).toMatch(/^same-seed-same-run/);
  });
});
