/** The manager that docs/migration.md shows, in front of one real gateway: a whole working day. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayManager } from '../migration/gateway-manager.ts';
import {
  describeProcesses,
  exposedIn,
  leftovers,
  type PreparedGateway,
  prepareGateway,
  sweep,
} from './harness.ts';
import { launching, measured } from './rig.ts';

let prepared: PreparedGateway;
let manager: GatewayManager;

beforeAll(async () => {
  prepared = await prepareGateway();
  manager = new GatewayManager({
    process: { ...launching(prepared), ready: { http: `${prepared.httpUrl}/readyz` } },
    link: {
      url: prepared.url,
      protocol: 'openclaw',
      credentials: () => ({ token: prepared.token }),
    },
  });
});

afterAll(async () => {
  await manager?.dispose();
  sweep(prepared.mark);
  prepared.remove();
});

const timed = async <T>(what: string, run: () => Promise<T>): Promise<T> => {
  const since = performance.now();
  const done = await run();
  measured(what, performance.now() - since);
  return done;
};

describe('a manager on Holdfast', () => {
  it('starts, asks, restarts and stops a real gateway, and leaves nothing', async () => {
    const exits: (number | null)[] = [];
    manager.on('exit', (code) => exits.push(code));

    await timed('cold start', () => manager.start());
    const { pid, ...status } = manager.getStatus();
    expect(status).toMatchObject({
      state: 'running',
      port: prepared.port,
      version: '2026.9.6',
      gatewayReady: true,
    });
    expect(await manager.rpc('health', {})).toMatchObject({ ok: true });
    expect(await manager.checkHealth()).toEqual({ ok: true });
    expect(exposedIn(prepared.token)).toEqual([]);

    const old = leftovers(prepared.mark);
    expect(old).toContain(pid);
    const both = () => Promise.all([manager.restart(), manager.restart()]);
    const outcomes = await timed('restart', both);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['replaced', 'joined']);
    expect(outcomes[0]).toMatchObject({ pidBefore: pid, pidAfter: manager.getStatus().pid });
    expect(leftovers(prepared.mark).filter((left) => old.includes(left))).toEqual([]);
    expect(exits).toHaveLength(1);
    expect(await manager.rpc('health', {})).toMatchObject({ ok: true });

    await timed('stop', () => manager.stop());
    expect(manager.getStatus()).toMatchObject({ state: 'stopped', pid: undefined });
    expect(describeProcesses(leftovers(prepared.mark))).toEqual([]);
  });
});
