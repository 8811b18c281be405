/**
 * Where a secret goes: into files that nobody else can read and that are whole, and to a peer that
 * the host has looked at in the moment before. This is the one group here that touches a real disk;
 * it must never leave anything on it.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigFile } from '../../src/delivery/config-file.ts';
import { privateFiles } from '../../src/drivers/private-files.ts';
import { deviceTokenStore, identityStore } from '../../src/protocols/openclaw/device.ts';
import { Custody } from '../../src/runtime/custody.ts';
import { onStage, secret } from './stage.ts';

const stage = onStage();
let folder = '';
let umask = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-scenario-'));
  umask = process.umask(0);
});

afterEach(() => {
  process.umask(umask);
  rmSync(folder, { recursive: true, force: true });
});

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('a file that is written', () => {
  it('SE-06: is for its owner alone, under its name only when it is whole', async () => {
    const files = privateFiles(join(folder, 'device'));
    const identity = await identityStore(files).load();
    const key = { gateway: 'ws://127.0.0.1:1', deviceId: identity.deviceId, role: 'operator' };
    await deviceTokenStore(files).save(key, { token: secret, scopes: [] });
    const { census } = stage().outsiders;
    const records = () => privateFiles(join(folder, 'custody'));
    const self = { pid: 2, start: 'start of 2' };
    const custody = new Custody(
      { ...census, records },
      { folder: 'custody', name: 'gateway', self },
    );
    await custody.intend({ name: 'MARK', value: 'of-this-process' });
    mkdirSync(join(folder, 'config'));
    const path = join(folder, 'config', 'openclaw.json');
    writeFileSync(path, '{}', { mode: 0o644 });
    const config = new ConfigFile(path);
    expect(config.replace('{"a":1}', config.read().hash)).toBe(true);
    const names = ['device', 'custody', 'config'].flatMap((sub) =>
      readdirSync(join(folder, sub)).map((name) => join(folder, sub, name)),
    );
    // nothing temporary is left beside them
    expect(names.map((name) => name.split('.').at(-1))).toEqual(Array(4).fill('json'));
    for (const name of names) expect([name, modeOf(name)]).toEqual([name, 0o600]);
  });
});

describe('a listener that is another one meanwhile', () => {
  it('SE-05: gets no credentials from a host that looks when it is asked for them', async () => {
    let listener = 'the service';
    const asked: string[] = [];
    const looks = () => {
      asked.push(listener);
      if (listener !== 'the service') throw new Error('somebody else listens there now');
      return { token: secret };
    };
    const subject = stage().connect({ credentials: looks });
    await subject.is.start();
    await stage().settle();
    expect(asked).toEqual([]);
    listener = 'an impostor';
    stage().claw.challenges();
    await stage().settle();
    expect([asked, stage().claw.frames]).toEqual([['an impostor'], []]);
    expect(stage().claw.call.open).toBe(false);
    expect(subject.is.status.because).toContain('somebody else listens there now');
    listener = 'the service';
    stage().welcomes();
    await stage().until(() => subject.is.status.state === 'running', 60_000);
    expect(stage().claw.connects).toHaveLength(1);
  });
});
