/** What the command line answers before it starts anything. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  address,
  checkTogether,
  count,
  duration,
  hours,
  many,
  milliseconds,
  oneOf,
  pattern,
  places,
  seconds,
  seed,
  UsageError,
  word,
} from '../../src/cli/arguments.ts';
import { holdfast } from './house.ts';

const run = (...argv: string[]) => holdfast(argv).ended();

describe('holdfast', () => {
  it('says its version, on stdout, and that is all', async () => {
    const path = new URL('../../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
    const { code, stdout, stderr } = await run('--version');
    expect({ code, stdout: stdout.toString(), stderr }).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
  });

  it.each(['', 'demo', 'run', 'check', 'replay', 'simulate', 'conformance', 'mutants'])(
    'explains itself within 80 columns: %s',
    async (command) => {
      const { code, stdout, stderr } = await run(...command.split(' ').filter(Boolean), '--help');
      const lines = stdout.toString().split('\n');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      expect(lines).toEqual(expect.arrayContaining(['Examples:', 'Exit codes:']));
    },
  );

  it('prints its help on stderr when nothing is asked of it', async () => {
    const { code, stdout, stderr } = await run();
    expect({ code, stdout: stdout.length }).toEqual({ code: 2, stdout: 0 });
    expect(stderr).toContain('Usage: holdfast');
  });

  it.each([
    [['dmeo'], "holdfast: unknown command 'dmeo'\n(Did you mean demo?)\n"],
    [['demo', '--fro', '1s'], "holdfast: unknown option '--fro'\n(Did you mean --for?)\n"],
    [['demo', 'now'], /^holdfast: too many arguments for 'demo'/],
    [['demo', '--for'], "holdfast: option '--for <duration>' argument missing\n"],
    [['demo', '--for', 'soon'], /^holdfast: --for must be a duration such as 30s.*; got "soon"\n$/],
    [['simulate', '--keep', '1'], 'holdfast: --keep must come with --run\n'],
    [['simulate', '--run', '5'], 'holdfast: --run must be below --runs (5); got 5\n'],
    [['run'], 'holdfast: COMMAND must stand after --; got nothing\n'],
    [['run', '--grace', '1s', '--', 'true'], /^holdfast: --grace must be a whole.*; got "1s"\n$/],
    [
      ['run', '--url', 'ws://127.0.0.1:{port}', '--', 'true'],
      /^holdfast: --ready-line must have a group \(\?<port>.*; got none\n$/,
    ],
  ])('refuses %j in words, with code 2', async (argv, words) => {
    const { code, stdout, stderr } = await run(...argv);
    expect({ code, stdout: stdout.length }).toEqual({ code: 2, stdout: 0 });
    if (typeof words === 'string') expect(stderr).toBe(words);
    else expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('a word on the command line', () => {
  it('is read when it obeys the rule', () => {
    expect(['500ms', '30s', '1.5s', '2m', '1h'].map(duration('--for'))).toEqual([
      500, 30_000, 1_500, 120_000, 3_600_000,
    ]);
    expect(['0', '10000', '2147483647'].map(milliseconds('--grace'))).toEqual([
      0, 10_000, 2_147_483_647,
    ]);
    expect(oneOf('--protocol', ['plain', 'jsonrpc'])('plain')).toBe('plain');
    expect(pattern('--ready-line')('port (?<port>\\d+)')).toEqual(/port (?<port>\d+)/);
    expect(address('--url')('ws://127.0.0.1:{port}/ws')).toBe('ws://127.0.0.1:{port}/ws');
    expect(['60', '0.5'].map(seconds('--seconds'))).toEqual([60_000, 500]);
    expect(['1', '12'].map(count('--in-flight'))).toEqual([1, 12]);
    expect(['0', '4294967295'].map(seed('--seed'))).toEqual([0, 4_294_967_295]);
    expect(['1', '1000000'].map(many('--runs'))).toEqual([1, 1_000_000]);
    expect(['0.5', '2000'].map(hours('--hours'))).toEqual([0.5, 2_000]);
    expect(['none', '3', '3,17'].map(places('--keep'))).toEqual([[], [3], [3, 17]]);
    expect(word('--name')('calc.1')).toBe('calc.1');
  });

  it.each([
    ['--for', duration, ['', '30', 's', '-1s', '0s', '0.1ms', '1d', '1e3s', '25000h', '30 s']],
    ['--grace', milliseconds, ['', '-1', '1.5', '1s', '2147483648', '99999999999', ' 1']],
    ['--seconds', seconds, ['', '0', '1s', '-1', '0.0001', '9999999', ' 1']],
    ['--in-flight', count, ['', '0', '13', '1.5', '-1', '100']],
    ['--seed', seed, ['', '-1', '1.5', '4294967296', '0x1', ' 1']],
    ['--runs', many, ['', '0', '1.5', '1000001', 'all']],
    ['--hours', hours, ['', '0', '0.001', '-1', '100001', '1h']],
    ['--keep', places, ['', '1,', ',1', '1;2', 'all', '1, 2']],
    ['--ready-line', pattern, ['', '(', '[', '(?<port', '*']],
    ['--url', address, ['', 'localhost', ':0', 'ftp://h', 'ws://', 'file:///x', 'ws://h:{prot}']],
    ['--name', word, ['', 'a b', 'a\nb', '\u001b[31m', 'x'.repeat(41)]],
  ])('is refused by name, rule and value otherwise: %s', (option, reader, values) => {
    const start = new RegExp(`^${option} must be .+; got "`);
    for (const value of values) {
      const read = () => (reader as typeof word)(option)(value);
      expect(read, JSON.stringify(value)).toThrow(UsageError);
      expect(read, JSON.stringify(value)).toThrow(start);
    }
  });

  it('is never shown with the secrets of a URL', () => {
    const read = () => address('--url')('foo://me:hunter2@host/?token=abc123#def456');
    expect(read).toThrow('got "foo://…@host/?…"');
  });

  it('is refused when it makes no sense beside the others', () => {
    const url = 'ws://127.0.0.1:{port}';
    expect(() => checkTogether({ protocol: 'plain' })).toThrow('--protocol must come with --url');
    expect(() => checkTogether({ url })).toThrow('because --url names {port}; got none');
    expect(() => checkTogether({ url, readyLine: /up/ })).toThrow('got "up"');
    expect(() => checkTogether({ url, readyLine: /up (?<port>\d+)/ })).not.toThrow();
    expect(() => checkTogether({ url: 'ws://127.0.0.1:1' })).not.toThrow();
  });
});
