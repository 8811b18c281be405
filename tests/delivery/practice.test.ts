/** The service says nothing at all: its silence is waited for, and what it kept is found. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { configDelivery } from '../../src/delivery/index.ts';
import { connect } from '../../src/index.ts';
import { start } from '../practice/house.ts';

describe('a config.set that is never answered', () => {
  it.each([
    [true, { committed: true, via: 'request', applied: true, reread: true }],
    [false, { code: 'HF_CONFIG_UNCERTAIN', details: { seen: 'absent' } }],
  ])('kept: %s', async (kept, expected) => {
    const service = await start({ protocol: 'openclaw' });
    const gateway = connect({ url: service.url, protocol: 'openclaw' });
    onTestFinished(async () => {
      await gateway.dispose();
    });
    await gateway.start();
    await gateway.ready();
    await service.fault({ name: 'config-lost', kept, ending: 'silence' });
    const delivery = configDelivery({ gateway, requestMs: 300 });
    const change = delivery.change((copy) => ({ ...copy, ui: {} }));
    expect(await change.catch((error: unknown) => error)).toMatchObject(expected);
    expect(gateway.status).toMatchObject({ state: 'running', connection: { generation: 1 } });
    const { configuration, methods } = await service.stats();
    expect(configuration).toMatchObject({ commits: kept ? 1 : 0, secretIntact: true });
    expect(methods['config.set']).toBe(1);
  });
});
