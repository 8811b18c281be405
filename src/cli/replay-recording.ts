/**
 * `holdfast replay` of a recording: the machines go its way again, on a clock that is the
 * recording's. It promises to say how much was compared; it must never call the same what it could
 * not compare.
 */
import { writeFileSync } from 'node:fs';
import { type Own, testOf } from '../inspector/emitted.ts';
import { partOf } from '../inspector/part.ts';
import { type Recording, readRecording } from '../inspector/recording.ts';
import { type Replayed, replay } from '../inspector/replay.ts';
import type { Part } from '../inspector/sequence.ts';
import { isMachine } from '../verify/alone.ts';
import { UsageError } from './arguments.ts';
import { pathBetween } from './counterexample.ts';
import { recordingIn } from './inspect.ts';
import { load } from './load.ts';
import type { ReplayOptions } from './replay.ts';

export async function replayRecording(
  file: string,
  other: string | undefined,
  options: ReplayOptions,
): Promise<number> {
  const recording = readRecording(recordingIn(file));
  const part = partIn(recording, options);
  const exported = other === undefined ? undefined : await load(other);
  const own = Object.entries(exported ?? {}).flatMap(([name, value]) =>
    isMachine(value) ? [{ name, value }] : [],
  );
  if (other !== undefined && own.length === 0) {
    throw new UsageError(`SUBJECT must export a machine; got ${JSON.stringify(other)}`);
  }
  const machines = exported && own.map(({ value }) => value);
  const whole = options.from === undefined && options.to === undefined;
  const found = replay(whole ? recording : partOf(recording, part), machines);
  const code = codeOf(found);
  process.stdout.write(options.json ? `${JSON.stringify({ ok: code === 0, ...found })}\n` : '');
  if (!options.json) process.stdout.write(asText(file, found));
  if (options.emitTest !== undefined) {
    const names = own.map(({ name }) => (name === 'default' ? 'default as machine' : name));
    const to = options.emitTest;
    emit(to, recording, part, other && { from: pathBetween(to, other), names });
  }
  return code;
}

function partIn({ entries }: Recording, { from, to }: ReplayOptions): Part {
  const numbers = entries.flatMap(({ kind, n }) =>
    kind === 'base' || kind === 'machine' ? [] : n,
  );
  const last = numbers.at(-1) ?? 0;
  if (from !== undefined && from > (to ?? last)) {
    throw new UsageError(`--from must be at most ${to ?? last}; got ${from}`);
  }
  return { from: from ?? numbers.at(0) ?? 0, to: to ?? last };
}

function emit(file: string, recording: Recording, part: Part, own: Own | '' | undefined): void {
  try {
    writeFileSync(file, testOf(recording, part, own || undefined));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--emit-test cannot be written: ${why}`);
  }
  process.stderr.write(`wrote ${file}\n`);
}

const codeOf = ({ difference, unjudged }: Replayed): number =>
  difference ? 1 : unjudged === undefined ? 0 : 3;

function asText(file: string, { entries, from, to, difference, unjudged }: Replayed): string {
  const lines = [
    entries === 0 ? `${file}: nothing was compared` : `${file}: entries ${from} to ${to}`,
    ...(difference
      ? [
          `ANOTHER WAY at entry ${difference.n}, after ${entries} that were the same:`,
          `  recorded: ${difference.recorded || 'nothing more'}`,
          `  again:    ${difference.again || 'nothing'}`,
        ]
      : []),
    ...(unjudged === undefined ? [] : [`not compared: ${unjudged}`]),
    ...(difference || unjudged ? [] : [`the same again: ${entries} entries`]),
  ];
  return `${lines.join('\n')}\n`;
}
