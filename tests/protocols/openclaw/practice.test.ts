/** The openclaw protocol under the real runtime, against the practice gateway in a process. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, type Link, openclaw, openclawFiles } from '../../../src/index.ts';
import { type Gateway, start, until } from '../../practice/house.ts';

const token = 'practice-t0ken';

const practice = (...args: string[]) =>
  start({ protocol: 'openclaw', env: { PRACTICE_TOKEN: token }, args });

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-openclaw-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A link of this test, as a device where it has a folder. */
function linked(gateway: Gateway, options: Partial<Link> & { device?: string } = {}) {
  const { device, ...link } = options;
  const made = connect({
    url: gateway.url,
    protocol: device === undefined ? 'openclaw' : openclaw(openclawFiles(device)),
    credentials: () => ({ token }),
    reconnect: { firstMs: 20, maxMs: 100 },
    ...link,
  });
  const seen = { states: [] as string[], ends: [] as string[], diagnostics: [] as string[] };
  made.on('status', ({ state }) => {
    if (seen.states.at(-1) !== state) seen.states.push(state);
    const because = made.diagnostics.lastEnd?.because ?? '';
    if (because !== '' && seen.ends.at(-1) !== because) seen.ends.push(because);
  });
  made.on('diagnostic', ({ code }) => seen.diagnostics.push(code));
  onTestFinished(async () => {
    await made.dispose();
  });
  return { link: made, seen };
}

const connects = async (gateway: Gateway) => (await gateway.stats()).methods.connect ?? 0;

/** Whole files alone: one that begins with a dot is still being written. */
const secretsIn = (place: string) =>
  readdirSync(place)
    .filter((name) => !name.startsWith('.'))
    .map((name) => readFileSync(join(place, name), 'utf8'));

describe('the openclaw protocol under the runtime', () => {
  it('pairs a device once and brings its token from then on', async () => {
    const gateway = await practice();
    const device = folder();
    let given: unknown = { token };
    const { link, seen } = linked(gateway, { device, credentials: () => given });
    await link.start();
    const first = await link.ready();
    expect(first.connection?.server.version).toBe('practice');
    await until('the token on the disk', () => secretsIn(device).length === 2);
    const stored = secretsIn(device);
    given = undefined;
    const next = link.nextReady();
    await gateway.fault({ name: 'restart', refuseMs: 50 });
    const second = await next;
    expect(second.connection?.server.bootId).not.toBe(first.connection?.server.bootId);
    expect(secretsIn(device)).toEqual(stored);
    expect(await gateway.stats()).toMatchObject({ pairings: 1, admitted: 2, refused: {} });
    expect(seen.states).toEqual(['starting', 'running', 'reconnecting', 'running']);
    expect(seen.ends.join()).toContain('announced a restart');
  });

  it('AU-04: signs the older way on a fresh socket', async () => {
    const gateway = await practice('--fault', 'signature:accept=v2');
    const { link } = linked(gateway, { device: folder() });
    await link.start();
    await link.ready();
    expect(await gateway.stats()).toMatchObject({
      connectionsOpened: 2,
      admitted: 1,
      refused: { DEVICE_AUTH_SIGNATURE_INVALID: 1 },
    });
  });

  it('AU-05: gives up after the second refused signature', async () => {
    const gateway = await practice('--fault', 'signature:accept=none');
    const { link } = linked(gateway, { device: folder() });
    await link.start();
    await expect(link.ready()).rejects.toMatchObject({ code: 'HF_IDENTITY_CORRUPT' });
    expect(await connects(gateway)).toBe(2);
  });

  it('AU-13: comes back with the shared token when its own was revoked', async () => {
    const gateway = await practice();
    const device = folder();
    const { link, seen } = linked(gateway, { device });
    await link.start();
    await link.ready();
    await until('the token on the disk', () => secretsIn(device).length === 2);
    const revoked = secretsIn(device);
    await gateway.fault({ name: 'forget', what: 'tokens' });
    const next = link.nextReady();
    await gateway.fault({ name: 'drop' });
    await next;
    await until('another token on the disk', () => {
      const now = secretsIn(device);
      return now.length === 2 && now.join() !== revoked.join();
    });
    expect(await gateway.stats()).toMatchObject({ refused: { AUTH_DEVICE_TOKEN_MISMATCH: 1 } });
    expect(seen.states).not.toContain('failed');
  });

  it('AU-07, AU-09, AU-10: waits for an approval, and is in once it is given', async () => {
    const gateway = await practice('--fault', 'pairing:mode=required,requestId=req-7');
    const { link, seen } = linked(gateway, {
      device: folder(),
      reconnect: { firstMs: 20, maxMs: 100, pairingMs: 200 },
    });
    await link.start();
    await expect(link.ready()).rejects.toMatchObject({ code: 'HF_PAIRING' });
    expect(link.status).toMatchObject({ phase: 'paused', error: { code: 'HF_PAIRING' } });
    expect(link.status.because).toContain('req-7');
    await until('further questions', async () => (await connects(gateway)) >= 3);
    await gateway.fault({ name: 'pairing', mode: 'approve' });
    await until('the hello', () => link.status.state === 'running');
    expect(seen.diagnostics.filter((code) => code === 'HF_PAIRING')).toHaveLength(1);
  });

  it('is disposed of once its token is written, or a second later when that hangs', async () => {
    const gateway = await practice();
    const { identity, deviceTokens } = openclawFiles(folder());
    const written: string[] = [];
    const slow = (ms: number) =>
      openclaw({
        identity,
        deviceTokens: {
          ...deviceTokens,
          load: async () => null,
          save: async () => {
            await setTimeout(ms);
            written.push(`after ${ms} ms`);
          },
        },
      });
    for (const [ms, least] of [
      [300, 250],
      [60_000, 950],
    ] as const) {
      const { link } = linked(gateway, { protocol: slow(ms) });
      await link.start();
      await link.ready();
      const since = performance.now();
      expect(await link.dispose()).toMatchObject({ gone: true });
      expect(performance.now() - since).toBeGreaterThan(least);
    }
    expect(written).toEqual(['after 300 ms']);
  });

  it('AU-16: asks again no earlier than the gateway allows, whoever is in a hurry', async () => {
    const gateway = await practice('--fault', 'rate-limit:retryAfterMs=1500');
    const since = performance.now();
    const { link } = linked(gateway);
    await link.start();
    await until('the refusal', () => link.status.phase === 'backing-off');
    await link.retryNow();
    await link.start();
    await link.ready();
    expect(performance.now() - since).toBeGreaterThan(1500);
    expect(await connects(gateway)).toBe(2);
  });

  it('AU-17: sends nothing at all when its identity is damaged, and leaves the file', async () => {
    const gateway = await practice();
    const device = folder();
    writeFileSync(join(device, 'identity.json'), '{"version":1', { mode: 0o600 });
    const { link } = linked(gateway, { device });
    await link.start();
    await expect(link.ready()).rejects.toMatchObject({ code: 'HF_IDENTITY_CORRUPT' });
    expect(secretsIn(device)).toEqual(['{"version":1']);
    expect(await connects(gateway)).toBe(0);
  });

  it('CH-20: gives up on a gateway of another protocol', async () => {
    const gateway = await practice('--fault', 'protocol:expected=5');
    const { link } = linked(gateway);
    await link.start();
    await expect(link.ready()).rejects.toMatchObject({ code: 'HF_PROTOCOL_MISMATCH' });
    expect(await connects(gateway)).toBe(1);
  });

  /** From the moment the line is dead until Holdfast says so. */
  async function verdict(gateway: Gateway, link: ReturnType<typeof linked>['link']) {
    await link.start();
    await link.ready();
    const since = performance.now();
    await gateway.fault({ name: 'blackhole' });
    await until('the verdict', () => link.status.state === 'reconnecting');
    const ms = performance.now() - since;
    const next = link.nextReady();
    await gateway.fault({ name: 'clear' });
    await link.retryNow();
    await next;
    return ms;
  }

  it('HB-20: probes after two ticks of the gateway’s own rhythm, then redials', async () => {
    const gateway = await practice('--tick-ms', '1000');
    const { link } = linked(gateway, { heartbeat: { probeMs: 400 }, limits: { challengeMs: 500 } });
    const ms = await verdict(gateway, link);
    expect(ms).toBeGreaterThan(2000 - 1000 + 400);
    expect(ms).toBeLessThan(2000 + 400 + 1500);
  });

  it('HB-20: keeps to the silence that the host has chosen, whatever the rhythm', async () => {
    const gateway = await practice('--tick-ms', '60000');
    const heartbeat = { silenceMs: 300, probeMs: 300 };
    const { link } = linked(gateway, { heartbeat, limits: { challengeMs: 500 } });
    expect(await verdict(gateway, link)).toBeLessThan(300 + 300 + 1500);
  });

  it('HB-09: is content with a gateway that stops ticking and answers', async () => {
    const gateway = await practice('--fault', 'ticks:everyMs=0');
    const { link, seen } = linked(gateway, { heartbeat: { silenceMs: 200 } });
    await link.start();
    await link.ready();
    const asked = async () => (await gateway.stats()).methods['system-presence'] ?? 0;
    await until('three probes', async () => (await asked()) >= 3);
    expect(seen.states).toEqual(['starting', 'running']);
    expect((await gateway.stats()).connectionsOpened).toBe(1);
  });

  it('GS-20: tells its listeners of a gap between two events', async () => {
    const gateway = await practice();
    const { link } = linked(gateway);
    const events: string[] = [];
    link.on('event', ({ name, seq }) => events.push(`${name} ${seq ?? ''}`.trim()));
    await link.start();
    await link.ready();
    await gateway.fault({ name: 'emit', event: 'one' });
    await gateway.fault({ name: 'seq-gap', skip: 2 });
    await gateway.fault({ name: 'emit', event: 'two' });
    await until('the second event', () => events.at(-1)?.startsWith('two'));
    expect(events).toEqual(['one 1', 'sequence.gap', 'two 4']);
  });
});
