/**
 * How the lines of a process come into the log: once in full, then as a count, and never more than
 * a bounded number of them held; at the level that the host gives, whatever its function does.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Classify } from '../../src/index.ts';
import { OutputLog } from '../../src/runtime/output-log.ts';

interface Said {
  level: string;
  message: string;
  fields: { stream?: string; repeats?: number };
}

function make(...classify: (Classify | undefined)[]) {
  const said: Said[] = [];
  const failed: string[] = [];
  const log = new OutputLog({
    classify: classify.map((ask, at) => [`option ${at}`, ask] as const),
    log: (level, fields, message) => said.push({ level, fields, message }),
    failed: (option, error) => failed.push(`${option}: ${(error as Error).message}`),
  });
  const says = (text: string, stream: 'stdout' | 'stderr' = 'stderr') =>
    log.heard({ stream, text });
  return { log, said, failed, says, messages: () => said.map(({ message }) => message) };
}

describe('a line that repeats', () => {
  it('is said in full, after 50 and 100 more, and what is left at the end', () => {
    const { log, says, said, messages } = make();
    for (let n = 0; n < 120; n += 1) says('disk is slow');
    const soFar = ['disk is slow', '50 more times: disk is slow', '50 more times: disk is slow'];
    expect(messages()).toEqual(soFar);
    log.end();
    expect(messages()).toEqual([...soFar, '19 more times: disk is slow']);
    expect(said.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn', 'warn']);
    expect(said.map(({ fields }) => fields.repeats)).toEqual([undefined, 50, 50, 19]);
    log.end();
    expect(said).toHaveLength(4);
    says('disk is slow');
    expect(messages().at(-1)).toBe('disk is slow');
  });

  it('is another one on the other stream', () => {
    const { log, says, said } = make();
    says('a', 'stdout');
    says('a', 'stderr');
    says('a', 'stdout');
    log.end();
    expect(said.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'debug a',
      'warn a',
      'debug 1 more time: a',
    ]);
  });

  it('is counted to the last one whatever comes between, and little is held', () => {
    const lines = fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 4_000 });
    fc.assert(
      fc.property(lines, fc.integer({ min: 0, max: 2_000 }), (numbers, length) => {
        const { log, says, said } = make();
        const came = new Map<string, number>();
        for (const number of numbers) {
          // most are of a few kinds, as they are in life
          const text = `${Math.floor(number ** 2 / 600)} ${'x'.repeat(length)}`;
          came.set(text, (came.get(text) ?? 0) + 1);
          says(text);
        }
        const before = said.length;
        log.end();
        expect(said.length - before, 'as many as were held at most').toBeLessThanOrEqual(200);
        const told = new Map<string, number>();
        for (const { message, fields } of said) {
          const number = message.replace(/^\d+ more times?: /, '').split(' ')[0] ?? '';
          told.set(number, (told.get(number) ?? 0) + (fields.repeats ?? 1));
        }
        for (const [text, times] of came) expect(told.get(text.split(' ')[0] ?? '')).toBe(times);
      }),
      { numRuns: 30 },
    );
  });

  it('that is forgotten for newer ones is summed first, and said in full again', () => {
    const { says, messages } = make();
    says('old');
    says('old');
    for (let n = 0; n < 200; n += 1) says(`new ${n}`);
    expect(messages().at(-1)).toBe('1 more time: old');
    says('old');
    expect(messages().at(-1)).toBe('old');
  });

  it('is forgotten by its size too', () => {
    const { says, messages } = make();
    for (let n = 0; n < 10; n += 1) says(`${n}${'x'.repeat(16_000)}`);
    says(`0${'x'.repeat(16_000)}`);
    expect(messages().filter((text) => text.startsWith('0x'))).toHaveLength(2);
    says(`9${'x'.repeat(16_000)}`);
    expect(messages().filter((text) => text.startsWith('9x'))).toHaveLength(1);
  });
});

describe('a level', () => {
  it('is that of the first who answers, and of the stream when nobody does', () => {
    const host: Classify = (line) => (line.includes('host') ? 'error' : undefined);
    const protocol: Classify = (_, stream) => (stream === 'stdout' ? 'info' : undefined);
    const { says, said } = make(host, undefined, protocol);
    says('host', 'stdout');
    says('peer', 'stdout');
    says('peer', 'stderr');
    expect(said.map(({ level }) => level)).toEqual(['error', 'info', 'warn']);
  });

  it('of what Node says of itself is debug', () => {
    const { says, said } = make();
    for (const line of [
      '(node:1) ExperimentalWarning: x',
      '(node:1) [DEP0040] DeprecationWarning: y',
      '(Use `node --trace-warnings ...` to show where the warning was created)',
      'Debugger attached.',
    ]) {
      says(line);
    }
    expect(said.map(({ level }) => level)).toEqual(['debug', 'debug', 'debug', 'debug']);
  });

  it('drop keeps a line out, and so does having nothing to say', () => {
    const { log, says, said } = make(() => 'drop');
    says('noise');
    says('noise');
    says('  ');
    log.end();
    expect(said).toEqual([]);
  });

  const bad: [string, () => unknown, ...why: string[]][] = [
    [
      'throws',
      () => {
        throw new Error('boom');
      },
      'boom',
    ],
    ['answers a word', () => 'loud', 'not another text'],
    ['answers null', () => null, 'not null'],
    ['answers an object', () => ({}), 'not an object'],
    ['answers a number', () => 3, 'not a number'],
    ['answers later', async () => 'info', 'not a promise'],
    ['rejects', () => Promise.reject(new Error('late')), 'not a promise', 'late'],
  ];
  it.each(bad)(
    'of a function that %s is that of the stream, told once',
    async (_, ask, ...whys) => {
      const { log, says, said, failed } = make(ask as Classify);
      log.begin();
      for (let n = 0; n < 3; n += 1) says(`line ${n}`);
      await Promise.resolve();
      expect(said.map(({ level }) => level)).toEqual(['warn', 'warn', 'warn']);
      expect(failed).toEqual(whys.map((why) => expect.stringContaining(why)));
      log.begin();
      says('again');
      await Promise.resolve();
      expect(failed).toHaveLength(2 * whys.length);
    },
  );

  it('is asked for from within: a function that ends the log or speaks itself', () => {
    const all: string[] = [];
    let depth = 0;
    const made = make((line) => {
      all.push(line);
      depth += 1;
      if (depth < 3) made.says(`inner ${depth}`);
      made.log.end();
      depth -= 1;
      return 'info';
    });
    made.says('outer');
    expect(all).toEqual(['outer', 'inner 1', 'inner 2']);
    expect(made.messages()).toEqual(['inner 2', 'inner 1', 'outer']);
  });
});
