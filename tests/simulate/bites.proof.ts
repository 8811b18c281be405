/** More that a simulation finds; see the test beside it. */
import { describe, expect, it } from 'vitest';
import { behind, expectShort, withMachines } from './faulty.ts';

describe('a simulation', { timeout: 120_000 }, () => {
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
});
