/**
 * `holdfast replay`: a saved counterexample made again, move by move, on the checker and on real
 * XState actors side by side. It promises an exit code that tells broken from mended from out of
 * date; it must never call mended what it could not make again.
 */
import { type Missing, type Retrace, retrace } from '../verify/retrace.ts';
import { UsageError } from './arguments.ts';
import { type Counterexample, load } from './counterexample.ts';
import { type Subject, shipped, subjectOf } from './subject.ts';

export interface ReplayOptions {
  json?: boolean;
  /** of a recording: the numbers of its first and its last entry */
  from?: number;
  to?: number;
  /** of a recording: a file to be written */
  emitTest?: string;
}

export async function replay(
  file: string,
  other: string | undefined,
  { json = false, from, to, emitTest }: ReplayOptions,
): Promise<number> {
  if (from !== undefined || to !== undefined || emitTest !== undefined) {
    const rule = '--from, --to and --emit-test must come with a recording (.ndjson)';
    throw new UsageError(`${rule}; got ${JSON.stringify(file)}`);
  }
  const saved = load(file);
  const subjectFile = other ?? saved.subject;
  const subject = subjectFile === null ? shipped() : await subjectOf(subjectFile);
  const { delivery, moves, guarantee, bounds } = saved;
  const { world, promises } = worldOf(subject, saved, file, other !== undefined);
  const made = retrace(world, {
    delivery,
    moves,
    guarantee,
    promises,
    ...counted(bounds),
  });
  const code = codeOf(made);
  process.stdout.write(json ? asJson(saved, made, code) : asText(saved, made, code));
  return code;
}

function worldOf({ worlds }: Subject, saved: Counterexample, file: string, isGiven: boolean) {
  const found =
    worlds.find(({ name }) => name === saved.world) ?? (isGiven ? worlds[0] : undefined);
  if (found) return found;
  const names = worlds.map(({ name }) => name).join(', ');
  throw new UsageError(`${file} is about the world '${saved.world}'; there is: ${names}`);
}

/** The bounds that decide which moves are open. */
function counted({ inFlight, posts, channel }: Counterexample['bounds']) {
  return {
    ...(typeof inFlight === 'number' ? { inFlight } : {}),
    ...(typeof posts === 'number' ? { posts } : {}),
    ...(typeof channel === 'number' ? { channel } : {}),
  };
}

/** Broken counts for more than out of date; two that differ are no proof of anything. */
function codeOf({ model, actors, difference, missing }: Retrace): number {
  if (model || actors || difference !== undefined) return 1;
  return missing ? 3 : 0;
}

function asJson(saved: Counterexample, made: Retrace, code: number): string {
  const { steps, model, actors, unjudged, difference, missing } = made;
  const { world, delivery, guarantee, sentence } = saved;
  return `${JSON.stringify({
    ok: code === 0,
    world,
    delivery,
    guarantee,
    sentence,
    steps,
    model: model ?? null,
    actors: actors ?? null,
    unjudged: unjudged ?? null,
    difference: difference ?? null,
    missing: missing ?? null,
  })}\n`;
}

const ofNetwork =
  'async: real actors ran; what they sent each other was held and handed over in this order.\n' +
  '  One process alone hands over at once, and may never come to it.';

function asText(saved: Counterexample, made: Retrace, code: number): string {
  const { world, delivery, guarantee, sentence, moves } = saved;
  const width = String(moves.length).length;
  const pad = ' '.repeat(width);
  const steps = made.steps.flatMap(({ move, model, actors }, i) => [
    `${String(i + 1).padStart(width)}. ${move}`,
    `${pad}  checker => ${model}`,
    `${pad}  actors  => ${actors}`,
  ]);
  const lines = [
    `${world}, ${delivery}: ${moves.length} moves against ${guarantee}: ${sentence}`,
    ...steps,
    ...(made.missing ? inWordsOf(made.missing) : []),
    `checker: ${inWords(made.model)}`,
    `actors:  ${actorsInWords(made)}`,
    ...(made.difference === undefined ? [] : [`DIFFERENT: ${made.difference}`]),
    ...(delivery === 'async' && made.steps.length > 0 ? [ofNetwork] : []),
    verdicts[code] ?? '',
  ];
  return `${lines.join('\n')}\n`;
}

const verdicts: Readonly<Record<number, string>> = {
  0: 'kept: these moves no longer break it',
  1: 'broken',
  3: 'out of date: these moves can no longer be made, which may be the cure; check again',
};

const inWords = (found: Retrace['model']): string =>
  found === undefined ? 'nothing is broken' : `BROKEN ${found.guarantee}: ${found.message}`;

function actorsInWords({ actors, unjudged, model }: Retrace): string {
  if (actors === undefined && model && unjudged !== undefined) return `not judged: ${unjudged}`;
  return inWords(actors);
}

function inWordsOf({ number, move, possible }: Missing): string[] {
  return [
    `${number}. ${move}`,
    '   is not possible here; what is:',
    ...possible.map((one) => `   - ${one}`),
  ];
}
