/**
 * What is taken away from the page: the recording, a part of it, that part as a picture and as a
 * test. It promises files that holdfast itself reads, or runs. It must never send anything.
 */
import { sequenceToSvg } from '../../diagram/sequence-svg.ts';
import { testOf } from '../emitted.ts';
import { partOf, textOf } from '../part.ts';
import { type Part, sequenceOf } from '../sequence.ts';
import type { Feed } from './feed.ts';

/** A part that nobody has marked: so many entries before the one that is shown. */
const entriesMost = 200;

/** From the mark, either way, to what is shown; lengths, not numbers. */
export function partShown({ entries }: Feed, shown: number, mark: number | undefined): Part {
  const start = mark ?? Math.max(0, shown - entriesMost);
  const [first, last] = start < shown ? [start, shown] : [shown, start];
  return { from: entries[first]?.n ?? 0, to: entries[Math.max(first, last - 1)]?.n ?? 0 };
}

/** The machines that ship are imported by nobody: they are there. */
const shipped = ['gateway', 'supervisor', 'process', 'reconnect', 'connection', 'heartbeat'];

interface Export {
  says: string;
  file: string;
  type: string;
  text: (feed: Feed, part: Part) => string;
}

export const exports: Readonly<Record<string, Export>> = {
  recording: {
    says: 'all that was read, for holdfast inspect, replay and diagram',
    file: 'recording.ndjson',
    type: 'application/x-ndjson',
    text: (feed) => textOf(feed.recording()),
  },
  part: {
    says: 'from the mark to what is shown, as a recording',
    file: 'part.ndjson',
    type: 'application/x-ndjson',
    text: (feed, part) => textOf(partOf(feed.recording(), part)),
  },
  picture: {
    says: 'from the mark to what is shown, as a sequence diagram (SVG)',
    file: 'sequence.svg',
    type: 'image/svg+xml',
    text: (feed, part) => sequenceToSvg(sequenceOf(feed.recording(), part), {}),
  },
  test: {
    says: 'from the mark to what is shown, as a vitest file',
    file: 'recording.test.ts',
    type: 'text/typescript',
    text: (feed, part) => {
      const foreign = [...feed.models.keys()].filter((name) => !shipped.includes(name));
      const names = foreign.map((name) => name.replace(/~.*|\W/g, ''));
      const own = names.length === 0 ? undefined : { from: './machines.js', names };
      return testOf(feed.recording(), part, own);
    },
  },
};

export function save({ file, type, text }: Export, feed: Feed, part: Part): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text(feed, part)], { type }));
  link.download = file;
  link.click();
  URL.revokeObjectURL(link.href);
}
