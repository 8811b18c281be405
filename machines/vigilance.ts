/**
 * What holds of every step of a link, its connection and its heartbeat: a mode is kept, a sign of
 * life is believed, the first cause counts, and patience is the peer's to ask for. It must never
 * hold anybody to a time: how long something takes, no exploration knows.
 */
import type { Moment, StepGuarantee } from './guarantees.ts';

/** States of a heartbeat by the modes that may come there; `resting` belongs to all but `off`. */
const modes: readonly (readonly [state: string, modes: readonly string[]])[] = [
  ['watching.resting', ['probe', 'misses', 'observe']],
  ['watching.awaiting', ['probe']],
  ['watching.suspect', ['probe']],
  ['watching.probing', ['probe']],
  ['watching.pinging', ['misses', 'observe']],
];

function strayed({ context, matches }: Moment): string | undefined {
  const mode = String(Object(context.policy).mode);
  const found = modes.find(([state, allowed]) => matches(state) && !allowed.includes(mode));
  return found && `${found[0]} in mode ${mode}`;
}

const isSign = (event: object): boolean =>
  Object(Reflect.get(event, 'report')).type === 'pulse.alive';

export const vigilance: readonly StepGuarantee[] = [
  {
    id: 'a-mode-is-kept',
    sentence: 'A heartbeat counts pings, or asks before a verdict, or is off: as its mode says.',
    role: 'heartbeat',
    forbids: [],
    check: (_, after) => strayed(after),
  },
  {
    id: 'a-sign-ends-doubt',
    sentence: 'After a sign of life nobody is asked before it has been silent again.',
    role: 'heartbeat',
    forbids: [],
    check: (_, after, event) =>
      isSign(event) && !after.matches('watching.resting') && !after.matches('dead')
        ? 'the peer gave a sign of life, and is doubted'
        : undefined,
  },
  {
    id: 'first-cause-counts',
    sentence:
      'Why a connection ends is settled when it begins to close, whatever crosses its close.',
    role: 'connection',
    forbids: [],
    check: (before, after) =>
      before.matches('linked.closing') &&
      after.matches('linked.closing') &&
      before.context.cause !== after.context.cause
        ? `${before.context.cause} became ${after.context.cause}`
        : undefined,
  },
  {
    id: 'patience-is-asked-for',
    sentence: 'A wait that nothing may shorten is one that the peer asked for.',
    role: 'link',
    forbids: [],
    check: (_, after) =>
      after.matches('waiting.floored') && after.context.floorMs === 0
        ? 'held back, and nobody asked for it'
        : undefined,
  },
];
