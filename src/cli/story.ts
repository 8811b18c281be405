/**
 * A counterexample as a sequence to be drawn. It promises the lanes and the order of the diagram
 * that a terminal shows; it must never leave out what the trace has.
 */
import type { Lane, Sequence, Told } from '../diagram/sequence.ts';
import type { Happening, TraceStep } from '../verify/index.ts';
import { shortName, timerName } from '../verify/paths.ts';
import { comesFirst, lanesOf, user } from '../verify/sequence.ts';
import type { Counterexample } from './counterexample.ts';

type Shown = Pick<Counterexample, 'world' | 'guarantee' | 'message' | 'trace'>;

export function storyOf({ world, guarantee, message, trace }: Shown): Sequence {
  const paths = lanesOf(trace);
  const lanes: Lane[] = paths.map((id) => ({
    id,
    title: shortName(id, paths),
    before: !comesFirst(id, trace),
  }));
  return {
    id: guarantee,
    description: `${world}: ${message}`,
    lanes,
    events: trace.flatMap((step, i) => told(step, i + 1, paths)),
    verdict: `${guarantee}: ${message}`,
  };
}

function told(step: TraceStep, number: number, paths: readonly string[]): Told[] {
  const rest = [
    ...step.happened.flatMap((one) => happening(one, step)),
    ...step.changed.map((text) => state(text, paths)),
  ];
  return [{ ...moveOf(step), number }, ...rest];
}

function moveOf({ kind, from, to, says }: TraceStep): Told {
  if (kind === 'user') return { kind: 'message', from: user, to, words: says };
  if (kind === 'world') return { kind: 'self', at: to, words: says };
  if (kind === 'timer') return { kind: 'self', at: to, words: `after ${timerName(says)}` };
  if (from !== undefined) return { kind: 'message', from, to, words: says };
  return { kind: 'self', at: to, words: `${says} (its sender is stopped)` };
}

function happening(one: Happening, step: TraceStep): Told[] {
  if (one.kind !== 'sent') {
    const { path } = one;
    return [
      one.kind === 'ended'
        ? { kind: 'stop', at: path }
        : { kind: 'spawn', from: parentOf(path), to: path },
    ];
  }
  const { from, to, says, waits } = one;
  // what a leaf posts is what its move has just said
  if (step.kind === 'world' && from === step.to && says === step.says && !waits) return [];
  const words = step.kind === 'world' && says === step.says ? '' : says;
  if (from === undefined)
    return [{ kind: 'self', at: to, words: `${says} (its sender is stopped)` }];
  return [waits ? { kind: 'post', from, to, words } : { kind: 'message', from, to, words }];
}

const parentOf = (path: string): string => path.split('/').slice(0, -1).join('/') || path;

/** `link=waiting.floored+1` belongs to the lane of that name. */
function state(text: string, paths: readonly string[]): Told {
  const [name = '', ...words] = text.split('=');
  const at = paths.find((path) => path.split('/').at(-1) === name) ?? paths[0] ?? user;
  return { kind: 'state', at, words: words.join('=') };
}
