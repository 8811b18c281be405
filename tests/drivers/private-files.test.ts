/** Secrets on a real disk: modes, atomicity, and what is refused. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { privateFiles } from '../../src/drivers/private-files.ts';
import {
  deviceTokenStore,
  identityStore,
  type PrivateFiles,
} from '../../src/protocols/openclaw/device.ts';

let root = '';
const modeOf = (path: string) => statSync(path).mode & 0o777;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdfast-private-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('private files', () => {
  it('fit the port of the protocol', async () => {
    const files: PrivateFiles = privateFiles(root);
    expect(await files.read('none.json')).toBeNull();
  });

  it('are 0600 in a folder of 0700, whatever the umask', async () => {
    const before = process.umask(0);
    try {
      const folder = join(root, 'a', 'b');
      await privateFiles(folder).create('x.json', 'one');
      await privateFiles(folder).replace('y.json', 'two');
      expect([modeOf(join(root, 'a')), modeOf(folder)]).toEqual([0o700, 0o700]);
      expect(modeOf(join(folder, 'x.json'))).toBe(0o600);
      expect(modeOf(join(folder, 'y.json'))).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  it('leave the mode of a folder alone that was there, and tighten a file', async () => {
    chmodSync(root, 0o755);
    writeFileSync(join(root, 'x.json'), 'one', { mode: 0o644 });
    expect(await privateFiles(root).read('x.json')).toBe('one');
    expect(modeOf(root)).toBe(0o755);
    expect(modeOf(join(root, 'x.json'))).toBe(0o600);
  });

  it('are created once, however many try, and never half', async () => {
    const wins = await Promise.all(
      Array.from({ length: 16 }, (_, at) => privateFiles(root).create('x.json', `${at}`)),
    );
    expect(wins.filter((won) => won)).toHaveLength(1);
    expect(readFileSync(join(root, 'x.json'), 'utf8')).toBe(`${wins.indexOf(true)}`);
    expect(readdirSync(root)).toEqual(['x.json']);
  });

  it('are replaced whole while others read them', async () => {
    const files = privateFiles(root);
    const versions = ['a', 'b'].map((letter) => letter.repeat(8000));
    await files.replace('x.json', versions[0] ?? '');
    const writing = (async () => {
      for (let at = 0; at < 40; at += 1) await files.replace('x.json', versions[at % 2] ?? '');
    })();
    for (let at = 0; at < 40; at += 1) expect(versions).toContain(await files.read('x.json'));
    await writing;
    expect(readdirSync(root)).toEqual(['x.json']);
  });

  it('are removed, also when there are none', async () => {
    const files = privateFiles(root);
    await files.create('x.json', 'one');
    await files.remove('x.json');
    await files.remove('x.json');
    expect(await files.read('x.json')).toBeNull();
  });

  it('are not read through a link, from a folder, a pipe, or when they are too long', async () => {
    const files = privateFiles(root);
    writeFileSync(join(root, 'target'), 'secret');
    symlinkSync(join(root, 'target'), join(root, 'link.json'));
    mkdirSync(join(root, 'folder.json'));
    execFileSync('mkfifo', [join(root, 'pipe.json')]);
    writeFileSync(join(root, 'long.json'), 'x'.repeat(64 * 1024 + 1));
    for (const name of ['link.json', 'folder.json', 'pipe.json', 'long.json']) {
      await expect(files.read(name)).rejects.toThrow(Error);
    }
  });

  it('have plain names', async () => {
    const files = privateFiles(root);
    for (const name of ['../x', 'a/b', '.x', '', 'x\0y', 'x'.repeat(129)]) {
      await expect(files.read(name)).rejects.toThrow('not a plain file name');
      await expect(files.replace(name, 'x')).rejects.toThrow('not a plain file name');
    }
  });

  it('keep one identity for two processes that start together', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, () => identityStore(privateFiles(join(root, 'new'))).load()),
    );
    expect(new Set(all.map(({ deviceId }) => deviceId)).size).toBe(1);
    const again = await identityStore(privateFiles(join(root, 'new'))).load();
    expect(again.deviceId).toBe(all[0]?.deviceId);
  });

  it('fail closed when the identity is a directory or truncated (AU-17)', async () => {
    const store = identityStore(privateFiles(root));
    mkdirSync(join(root, 'identity.json'));
    await expect(store.load()).rejects.toMatchObject({ code: 'HF_IDENTITY_CORRUPT' });
    rmSync(join(root, 'identity.json'), { recursive: true });
    await store.load();
    const whole = readFileSync(join(root, 'identity.json'), 'utf8');
    writeFileSync(join(root, 'identity.json'), whole.slice(0, 100));
    await expect(store.load()).rejects.toMatchObject({ code: 'HF_IDENTITY_CORRUPT' });
    expect(readFileSync(join(root, 'identity.json'), 'utf8')).toBe(whole.slice(0, 100));
  });

  it('keep a device token across stores', async () => {
    const key = { gateway: 'sha256:aa', deviceId: 'd', role: 'operator' };
    const token = { token: 'dev-t0ken', scopes: ['operator.read'] };
    await deviceTokenStore(privateFiles(root)).save(key, token);
    expect(await deviceTokenStore(privateFiles(root)).load(key)).toEqual(token);
    const [name = ''] = readdirSync(root);
    expect(modeOf(join(root, name))).toBe(0o600);
  });
});
