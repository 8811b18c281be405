/**
 * `holdfast diagram` of what happened: a counterexample of `check`, or a recording. It promises one
 * drawing a file, and a word on stderr where a recording is longer than what is drawn. It must
 * never draw a part that the file does not have.
 */
import { type Sequence, sequenceToMermaid } from '../diagram/sequence.ts';
import { sequenceToSvg } from '../diagram/sequence-svg.ts';
import type { Theme } from '../diagram/theme.ts';
import { readRecording } from '../inspector/recording.ts';
import { sequenceOf } from '../inspector/sequence.ts';
import { UsageError } from './arguments.ts';
import { load as counterexample } from './counterexample.ts';
import { recordingIn } from './inspect.ts';
import { storyOf } from './story.ts';

export interface SequenceOptions {
  format?: string | undefined;
  theme?: Theme | undefined;
  /** of a recording: the numbers of the first and the last entry */
  from?: number | undefined;
  to?: number | undefined;
}

/** What more than these is no picture that anybody reads. */
const entriesMost = 200;

const isRecording = (file: string): boolean => file.endsWith('.ndjson');

export const kindOf = (file: string): string =>
  isRecording(file) ? 'a recording' : 'a counterexample';

export const isStory = (file: string): boolean => /\.(json|ndjson)$/.test(file);

export function drawn(file: string, { format = 'svg', theme, from, to }: SequenceOptions): string {
  if (format !== 'svg' && format !== 'mermaid') {
    throw new UsageError(`--format of ${kindOf(file)} must be svg or mermaid; got "${format}"`);
  }
  const story = isRecording(file) ? recorded(file, from, to) : saved(file, from ?? to);
  return format === 'svg' ? sequenceToSvg(story, { theme }) : sequenceToMermaid(story);
}

function saved(file: string, part: number | undefined): Sequence {
  if (part === undefined) return storyOf(counterexample(file));
  throw new UsageError('--from and --to must come with a recording (.ndjson)');
}

function recorded(file: string, from: number | undefined, to: number | undefined): Sequence {
  const recording = readRecording(recordingIn(file));
  const numbers = recording.entries.flatMap(({ kind, n }) =>
    kind === 'base' || kind === 'machine' ? [] : n,
  );
  const [first = 1, last = 0] = [numbers.at(0), numbers.at(-1)];
  if (from !== undefined && from > (to ?? last)) {
    throw new UsageError(`--from must be at most ${to ?? last}; got ${from}`);
  }
  const end = Math.min(to ?? last, last);
  const begin = Math.max(from ?? end - entriesMost + 1, first);
  if (begin > first || end < last) {
    const others = '--from and --to choose others';
    process.stderr.write(`entries ${begin} to ${end} of ${first} to ${last}; ${others}\n`);
  }
  return sequenceOf(recording, { from: begin, to: end });
}
