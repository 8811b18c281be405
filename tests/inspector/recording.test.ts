import { describe, expect, it } from 'vitest';
import { NotARecording, readRecording } from '../../src/inspector/recording.ts';

const header = '{"holdfast":"recording","version":1,"missing":0}';
const stopped = '{"n":7,"at":1.5,"kind":"stopped","actor":1,"how":"done"}';

describe('the file of a recording', () => {
  it('is read entry by entry', () => {
    expect(readRecording(`${header}\n${stopped}\n`)).toEqual({
      header: { holdfast: 'recording', version: 1, missing: 0 },
      entries: [{ n: 7, at: 1.5, kind: 'stopped', actor: 1, how: 'done' }],
      cut: false,
    });
  });

  it('may end where its writer was killed', () => {
    for (let length = 1; length < stopped.length; length += 1) {
      const { entries, cut } = readRecording(`${header}\n${stopped}\n${stopped.slice(0, length)}`);
      expect([length, entries.length, cut]).toEqual([length, 1, true]);
    }
  });

  it.each([
    ['', 'line 1 is no JSON object'],
    ['{"n":1}\n', 'line 1 is no header of a recording'],
    ['{"holdfast":"recording","version":2}\n', 'it has version 2; this reads version 1'],
    [`${header}\nnonsense\n${stopped}\n`, 'line 2 is no JSON object'],
    [`${header}\n{"n":1,"at":0,"kind":"constructor"}\n`, 'line 2 is no entry'],
    [`${header}\n${stopped}\n{"n":1,"at":0,"kind":"sent","to":1}\n`, 'line 3 is no entry'],
    [`${header}\n{"n":1,"at":0,"kind":"sent","to":1,"event":null}\n`, 'line 2 is no entry'],
  ])('is refused by its line: %j', (text, sentence) => {
    expect(() => readRecording(text)).toThrow(new NotARecording(sentence));
  });
});
