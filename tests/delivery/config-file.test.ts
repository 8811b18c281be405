/** The file half: compare-and-set by a rename, on real files. Nothing foreign is ever touched. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ConfigFile } from '../../src/delivery/config-file.ts';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
  path = join(folder, 'service.json');
  const made = folder;
  onTestFinished(() => rmSync(made, { recursive: true }));
});

const text = () => readFileSync(path, 'utf8');

describe('a file', () => {
  it('is replaced whole, private, and with nothing left beside it', () => {
    writeFileSync(path, 'old', { mode: 0o644 });
    const file = new ConfigFile(path);
    expect(file.replace('néw', file.read().hash)).toBe(true);
    expect([text(), statSync(path).mode & 0o777]).toEqual(['néw', 0o600]);
    expect(readdirSync(folder)).toEqual(['service.json']);
  });

  it('is left alone when somebody else wrote, made or removed it', () => {
    const file = new ConfigFile(path);
    const none = file.read();
    expect(none).toEqual({ text: null, hash: null });
    writeFileSync(path, 'theirs');
    expect(file.replace('ours', none.hash)).toBe(false);
    const { hash } = file.read();
    writeFileSync(path, 'theirs again');
    expect(file.replace('ours', hash)).toBe(false);
    expect(text()).toBe('theirs again');
    rmSync(path);
    expect(file.replace('ours', hash)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
    expect(file.replace('ours', null)).toBe(true);
    expect(text()).toBe('ours');
  });
});

describe('a link', () => {
  it('is followed inside of its folder, and stays a link', () => {
    writeFileSync(join(folder, 'real.json'), 'old');
    symlinkSync('real.json', path);
    const file = new ConfigFile(path);
    expect(file.replace('new', file.read().hash)).toBe(true);
    expect([readlinkSync(path), text()]).toEqual(['real.json', 'new']);
  });

  it.each(['outside', 'below', 'nowhere'])(
    'that leads %s is neither read nor replaced',
    (where) => {
      const outside = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
      onTestFinished(() => rmSync(outside, { recursive: true }));
      mkdirSync(join(folder, 'below'));
      const target = join(where === 'outside' ? outside : folder, where, 'x.json');
      if (where === 'outside') mkdirSync(join(outside, where));
      if (where !== 'nowhere') writeFileSync(target, 'theirs');
      symlinkSync(target, path);
      const file = new ConfigFile(path);
      const refusal = expect.objectContaining({ code: 'HF_CONFIG_FILE' });
      expect(() => file.read()).toThrow(refusal);
      expect(() => file.replace('ours', null)).toThrow(refusal);
      if (where !== 'nowhere') expect(readFileSync(target, 'utf8')).toBe('theirs');
    },
  );
});

describe('what is no file of text', () => {
  it.each([
    ['a folder', 'HF_CONFIG_FILE', () => mkdirSync(path)],
    ['a pipe', 'HF_CONFIG_FILE', () => execFileSync('mkfifo', [path])],
    ['too large', 'HF_CONFIG_FILE', () => writeFileSync(path, 'x'.repeat(8 * 1024 * 1024 + 1))],
    ['not UTF-8', 'HF_CONFIG_CORRUPT', () => writeFileSync(path, Buffer.from([0xff, 0xfe]))],
    ['in no folder', 'HF_CONFIG_FILE', () => rmSync(folder, { recursive: true })],
  ])('%s: %s', (_, code, make) => {
    make();
    try {
      expect(() => new ConfigFile(path).read()).toThrow(expect.objectContaining({ code }));
    } finally {
      mkdirSync(folder, { recursive: true });
    }
  });
});
