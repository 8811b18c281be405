/** The command line of the practice gateway, and how to build one. */

import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { faults } from '../../src/practice/faults.ts';
import { helpText, readOptions } from '../../src/practice/options.ts';
import { practiceCommand } from '../../src/practice/start.ts';
import { launch } from './house.ts';

const refusal = (...argv: string[]) => {
  try {
    readOptions(argv);
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe('a bad option', () => {
  it.each([
    [['--port', 'x'], '--port must be an integer from 0 to 65535, got "x"'],
    [['--port', '65536'], '--port must be an integer from 0 to 65535, got "65536"'],
    [['--port=-1'], '--port must be an integer from 0 to 65535, got "-1"'],
    [['--port'], '--port needs a value, got nothing'],
    [['--protocol', 'soap'], '--protocol must be one of plain, jsonrpc, openclaw, got "soap"'],
    [['--tick-ms', '9'], '--tick-ms must be an integer from 10 to 600000, got "9"'],
    [['--help=yes'], '--help takes no value, got "yes"'],
    [['--nope'], 'an option must be one that --help lists, got "--nope"'],
    [['word'], 'an option must be one that --help lists, got "word"'],
    [
      ['--fault', 'slow:ms=fast'],
      '--fault: slow.ms must be an integer from 0 to 600000, got "fast"',
    ],
    [['--fault', 'slow:ms'], '--fault: fault "slow:ms" must be NAME:key=value,…, got "ms"'],
    [['--fault', '{"name":'], '--fault: fault must be JSON, got "{\\"name\\":"'],
    [
      ['--fault', 'token:value=x'],
      '--fault: fault token must be sent while running, got it where argv shows it',
    ],
  ])('%j is refused by option, rule and value', (argv, message) => {
    expect(refusal(...argv)).toBe(message);
  });

  it('ends the process with exit code 2 and one line', async () => {
    const { exit, text } = launch({ args: ['--protocol=soap'] });
    expect(await exit()).toEqual({ code: 2, signal: null });
    expect(text('stderr')).toBe(
      'practice gateway: --protocol must be one of plain, jsonrpc, openclaw, got "soap"\n',
    );
  });

  it('ends the process as well when only the dialect makes it bad', async () => {
    const { exit, text } = launch({ faults: ['pairing'] });
    expect(await exit()).toEqual({ code: 2, signal: null });
    expect(text('stderr')).toContain(
      'practice gateway: --fault: fault pairing needs --protocol openclaw, got jsonrpc\n',
    );
  });
});

describe('a good command line', () => {
  it('has defaults for everything', () => {
    expect(readOptions([])).toMatchObject({ port: 0, protocol: 'jsonrpc', faults: [], forMs: 0 });
  });

  it('reads a fault in words and as JSON, with every default filled in', () => {
    const { faults: read } = readOptions([
      '--fault=close:code=4001,reason=bye',
      '--fault',
      '{"name":"slow","pongs":true,"afterMs":7}',
    ]);
    expect(read).toEqual([
      { name: 'close', afterMs: 0, values: { code: 4001, reason: 'bye', at: 'now', times: 1 } },
      { name: 'slow', afterMs: 7, values: { ms: 500, pongs: true, forMs: 0 } },
    ]);
  });

  it('prints the whole table of faults, within 100 columns', () => {
    const { command, args } = practiceCommand({ args: ['--help'] });
    const help = execFileSync(command, args, { encoding: 'utf8' });
    expect(help).toBe(helpText());
    for (const name of Object.keys(faults)) expect(help).toContain(`\n  ${name}`);
    expect(help.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it('starts from any working directory', () => {
    const { command, args } = practiceCommand({ args: ['--help'] });
    const help = execFileSync(command, args, { encoding: 'utf8', cwd: '/' });
    expect(help).toContain('practice gateway');
  });
});
