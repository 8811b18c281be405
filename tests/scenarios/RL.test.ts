/**
 * A configuration that is changed by compare-and-set: on a practice gateway over a real socket,
 * and in a real file while nothing runs. Nobody else's words may ever be overwritten.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Config, configDelivery } from '../../src/delivery/index.ts';
import { connect, createGateway } from '../../src/index.ts';
import { type Json, start } from '../practice/house.ts';

const redacted = { gateway: { auth: { token: '__OPENCLAW_REDACTED__' } } };
const theme = (copy: Config) => {
  copy.ui = { theme: 'dark' };
};

async function running() {
  const service = await start({ protocol: 'openclaw' });
  const { url } = service;
  const gateway = connect({ url, protocol: 'openclaw', reconnect: { firstMs: 20, maxMs: 100 } });
  onTestFinished(async () => {
    await gateway.dispose();
  });
  await gateway.start();
  await gateway.ready();
  const record = async () => {
    const { configuration, methods } = await service.stats();
    return { ...(configuration as Json), sets: methods['config.set'] ?? 0 };
  };
  return { service, gateway, delivery: configDelivery({ gateway }), record };
}

function stoppedWith(contents: string) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'service.json');
  writeFileSync(file, contents, { mode: 0o644 });
  const gateway = createGateway({
    process: { command: [process.execPath, '--eval', 'setInterval(() => {}, 1000)'] },
    link: { url: 'ws://127.0.0.1:9', protocol: 'openclaw' },
  });
  onTestFinished(async () => {
    await gateway.dispose();
  });
  return { folder, file, gateway, delivery: configDelivery({ gateway, file }) };
}

describe('a change over requests', () => {
  it('RL-13: is made again to the fresh snapshot after a conflict, committed once', async () => {
    const { service, delivery, record } = await running();
    await service.fault({ name: 'config-conflict' });
    const seen: unknown[] = [];
    const done = await delivery.change((copy) => {
      seen.push(copy.others);
      theme(copy);
    });
    expect(done).toEqual({ committed: true, via: 'request', applied: true, reread: false });
    expect(seen).toEqual([undefined, 1]);
    expect(await record()).toEqual({
      commits: 1,
      sets: 2,
      secretIntact: true,
      redactedKept: false,
      value: { ...redacted, others: 1, ui: { theme: 'dark' }, meta: { writes: 1 } },
    });
  });

  it('RL-14: is an error after two conflicts, and nothing is overwritten', async () => {
    const { service, delivery, record } = await running();
    await service.fault({ name: 'config-conflict', times: 2 });
    await expect(delivery.change(theme)).rejects.toMatchObject({ code: 'HF_CONFIG_CONFLICT' });
    expect(await record()).toMatchObject({
      commits: 0,
      sets: 2,
      value: { ...redacted, others: 2 },
    });
  });

  it('RL-15: whose answer is lost to a restart counts if and only if it is there', async () => {
    const { service, gateway, delivery, record } = await running();
    const ends: unknown[] = [];
    const boot = gateway.status.connection?.server.bootId;
    await service.fault({ name: 'config-lost', kept: true });
    ends.push(await delivery.change(theme));
    expect(gateway.diagnostics.lastEnd?.code).toBe(1012);
    expect(gateway.status.connection?.server.bootId).not.toBe(boot);
    await service.fault({ name: 'config-lost', kept: false });
    const lost = delivery.change((copy) => ({ ...copy, ui: { theme: 'light' } }));
    ends.push(await lost.catch((error: unknown) => error));
    expect(ends).toMatchObject([
      { committed: true, via: 'request', applied: true, reread: true },
      { code: 'HF_CONFIG_UNCERTAIN', delivery: 'maybe-executed', details: { seen: 'absent' } },
    ]);
    expect(await record()).toMatchObject({ commits: 1, sets: 2, value: { ui: { theme: 'dark' } } });
  });
});

describe('a change that changes nothing', () => {
  it('RL-16: is not committed, over requests or in the file', async () => {
    const { delivery, record } = await running();
    const nothing = (copy: Config) => structuredClone(copy);
    const done = await delivery.change(nothing);
    expect(done).toEqual({ committed: false, via: 'request', applied: true, reread: false });
    expect(await record()).toMatchObject({ commits: 0, sets: 0 });
    const { file, delivery: offline } = stoppedWith('{ "a": [1] }');
    const before = statSync(file);
    expect(await offline.change(nothing)).toMatchObject({ committed: false, via: 'file' });
    expect([statSync(file).ino, statSync(file).mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });
});

describe('a change while the service is stopped', () => {
  it('RL-17: replaces the file by a rename, private, and starts nothing', async () => {
    const { folder, file, gateway, delivery } = stoppedWith('{ "token": "s3cret", "a": 1 }');
    const before = statSync(file).ino;
    const done = await delivery.change((copy) => ({ ...copy, a: 2 }));
    expect(done).toEqual({ committed: true, via: 'file', applied: false, reread: false });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ token: 's3cret', a: 2 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(file).ino).not.toBe(before);
    expect(readdirSync(folder)).toEqual(['service.json']);
    expect([gateway.status.state, gateway.status.process]).toEqual(['stopped', undefined]);
  });
});
