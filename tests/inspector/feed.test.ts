/** What the page makes of the lines that come: any moment, what was odd, and the file again. */
import { beforeAll, describe, expect, it } from 'vitest';
import { recordRun } from '../../src/cli/record-run.ts';
import { lineOf } from '../../src/inspector/line.ts';
import { Feed } from '../../src/inspector/page/feed.ts';
import { textOf } from '../../src/inspector/part.ts';
import { type Entry, headerOf, readRecording } from '../../src/inspector/recording.ts';
import { Replica } from '../../src/inspector/replica.ts';

let text = '';
let entries: Entry[] = [];
beforeAll(async () => {
  const { recording } = await recordRun({ seed: 3, hours: 1, runs: 1 }, 0);
  text = recording.text();
  entries = readRecording(text).entries.filter(({ kind }) => kind !== 'machine');
});

const feedOf = (pieces: readonly string[]): Feed => {
  const feed = new Feed(() => {});
  for (const piece of pieces) feed.take(piece);
  return feed;
};

const actorsAfter = (some: readonly Entry[]) => {
  const replica = new Replica();
  for (const entry of some) replica.apply(entry);
  return [...replica.actors.values()];
};

describe('a feed', () => {
  it('is the same however the lines were cut on their way', () => {
    const whole = feedOf([text]);
    const pieces = text.match(/[\s\S]{1,777}/g) ?? [];
    const cut = feedOf(pieces);
    expect(cut.entries).toEqual(whole.entries);
    expect(whole.entries).toEqual(entries);
    expect([...cut.models.keys()]).toEqual([...whole.models.keys()]);
  });

  it('knows any moment as if nothing had come after it', () => {
    const feed = feedOf([text]);
    for (let length = 0; length <= entries.length; length += 137) {
      const { replica, at } = feed.moment(length);
      expect([...replica.actors.values()]).toEqual(actorsAfter(entries.slice(0, length)));
      expect(at).toBe(entries[length - 1]?.at ?? 0);
    }
    expect([...feed.moment().replica.actors.values()]).toEqual(actorsAfter(entries));
  });

  it('finds each oddity, forwards and back', () => {
    const feed = feedOf([text]);
    const forwards: number[] = [];
    for (let at = feed.oddAfter(0); at !== undefined; at = feed.oddAfter(at)) forwards.push(at);
    const backwards: number[] = [];
    let back = feed.oddBefore(Number.POSITIVE_INFINITY);
    for (; back !== undefined; back = feed.oddBefore(back)) backwards.unshift(back);
    expect(forwards.length).toBeGreaterThan(20);
    expect(backwards).toEqual(forwards);
    const told = entries.flatMap((entry, i) =>
      lineOf(entry, feed.paths)?.mark === 'odd' ? [i + 1] : [],
    );
    expect(forwards).toEqual(expect.arrayContaining(told));
  });

  it('writes what it read, and of a longer one its end', () => {
    const whole = readRecording(textOf(feedOf([text]).recording()));
    expect(whole.entries.filter(({ kind }) => kind !== 'machine')).toEqual(entries);
    // 100,000 entries are kept
    const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    const rounds = Math.ceil(101_000 / entries.length);
    const long = feedOf([`${JSON.stringify(headerOf(0))}\n`, ...Array(rounds).fill(lines)]);
    expect(long.count).toBe(rounds * entries.length);
    expect(long.entries.length).toBeLessThanOrEqual(100_000);
    const { header, entries: kept } = readRecording(textOf(long.recording()));
    expect(header.missing + long.entries.length).toBe(long.count);
    expect(actorsAfter(kept)).toEqual([...long.moment().replica.actors.values()]);
    const middle = Math.floor(long.entries.length / 2);
    const gone = long.count - long.entries.length;
    const before = Array.from({ length: gone + middle }, (_, i) => entries[i % entries.length]);
    const expected = actorsAfter(before.flatMap((entry) => entry ?? []));
    expect([...long.moment(middle).replica.actors.values()]).toEqual(expected);
  });
});
