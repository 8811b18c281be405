/**
 * What can be reached from everywhere, and what comes in the end: promises about whole graphs of
 * states. They must never say by which way, only who may help on it.
 */
import type { Eventually, Goal, View } from './guarantees.ts';

export const life = (view: View, state: string): boolean =>
  view.at('gateway')?.matches(`life.${state}`) ?? false;

/** The gateway itself is at the root, and not whoever stands above one half of it. */
export const isRooted = (view: View): boolean =>
  ['resting', 'wanted', 'falling', 'ending', 'disposed', 'unkillable'].some((state) =>
    life(view, state),
  );
export const goals: readonly Goal[] = [
  {
    id: 'stop-ends',
    sentence: 'From everywhere a stop can end, with nothing left or with a process on record.',
    forbids: ['I35', 'I66'],
    from: (view) => life(view, 'falling') || life(view, 'ending'),
    holds: (view) =>
      life(view, 'resting') ||
      life(view, 'disposed') ||
      life(view, 'unkillable') ||
      life(view, 'wanted'),
    by: ['world', 'timer', 'delivery'],
  },
  {
    id: 'nothing-gets-stuck',
    sentence: 'What is wanted can come to run, to fail or to pause with a reason, without help.',
    forbids: ['I4', 'I18', 'I44'],
    from: (view) =>
      life(view, 'wanted') && !life(view, 'wanted.failed') && !life(view, 'wanted.linking.held'),
    holds: (view) =>
      life(view, 'wanted.running') ||
      life(view, 'wanted.failed') ||
      life(view, 'wanted.linking.held') ||
      life(view, 'unkillable'),
    by: ['world', 'timer', 'delivery'],
  },
  {
    id: 'a-start-helps',
    sentence: 'From everywhere but a dispose it can be made to run again.',
    forbids: ['I4', 'I44'],
    from: (view) => isRooted(view) && !life(view, 'ending') && !life(view, 'disposed'),
    holds: (view) => life(view, 'wanted.running'),
    by: ['user', 'world', 'timer', 'delivery'],
  },
  {
    id: 'who-asks-is-answered',
    sentence: 'Whoever asked for a restart or a reload can have an answer, without help.',
    forbids: ['I44'],
    from: (view) => isRooted(view) && !view.at('gateway')?.matches('ledger.clear'),
    holds: (view) => view.at('gateway')?.matches('ledger.clear') ?? false,
    by: ['world', 'timer', 'delivery'],
  },
];

export const eventually: readonly Eventually[] = [
  {
    id: 'wanted-comes-true',
    sentence: 'What is wanted comes to run, fails or pauses with a reason, once the world behaves.',
    forbids: ['I4', 'I44'],
    from: (view) => life(view, 'wanted'),
    holds: (view) =>
      life(view, 'wanted.running') ||
      life(view, 'wanted.failed') ||
      life(view, 'wanted.linking.held'),
  },
];
