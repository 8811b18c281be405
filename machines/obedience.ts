/**
 * What the root owes to whoever asks: a stop, a start, a restart and a limit, each as a promise
 * about single steps, true whatever the halves do meanwhile. It must never say which state of the
 * root keeps a promise where the count or the wish itself can be looked at.
 */
import type { Moment, StepGuarantee } from './guarantees.ts';

const role = 'gateway';
const ends = ['stop', 'dispose', 'quit'];

const isEnding = ({ matches }: Moment): boolean =>
  matches('life.ending') || matches('life.disposed');
const isWanted = ({ matches }: Moment): boolean =>
  matches('life.wanted') || matches('life.falling.next.again');
const isStopping = ({ matches }: Moment): boolean =>
  matches('life.falling') || matches('life.ending');

type Count = 'asked' | 'served' | 'begun' | 'applied' | 'dropped' | 'refused';
const countOf = ({ context }: Moment, name: Count): number => Number(context[name] ?? 0);
/** Somebody asked for a restart or a reload, and has no outcome yet. */
const isOwed = (moment: Moment): boolean => {
  const ends = ['served', 'applied', 'dropped', 'refused'] as const;
  return countOf(moment, 'asked') > Math.max(...ends.map((end) => countOf(moment, end)));
};
/** The service is asked to end over its link. */
const drains = ({ context }: Moment): boolean => Object(context.policy).drains === true;
const isDoubted = ({ context }: Moment): boolean => context.doubted === true;

/** A start, or a restart by whoever may start. */
const isStart = ({ type, by }: { type: string; by?: unknown }): boolean =>
  type === 'start' || (type === 'restart' && by === 'user');

export const obedience: readonly StepGuarantee[] = [
  {
    id: 'stop-is-obeyed',
    sentence: 'A stop, a dispose or a quit ends what is wanted, whatever phase it is in.',
    role,
    forbids: ['I35'],
    check: (_, after, { type }) =>
      ends.includes(type) && isWanted(after) ? `'${type}' was ignored` : undefined,
  },
  {
    id: 'ended-for-ever',
    sentence: 'After a dispose or a quit it is ending or has ended, whatever comes.',
    role,
    forbids: ['I35', 'I46'],
    check: (before, after, { type }) =>
      (type === 'dispose' || type === 'quit' || isEnding(before)) && !isEnding(after)
        ? `it goes on after '${type}'`
        : undefined,
  },
  {
    id: 'start-is-obeyed',
    sentence: 'A start is wanted from then on, unless it has ended or a process cannot be killed.',
    role,
    forbids: ['I4'],
    check: (before, after, event) =>
      isStart(event) && !isEnding(before) && !before.matches('life.unkillable') && !isWanted(after)
        ? `'${event.type}' was ignored`
        : undefined,
  },
  {
    id: 'only-you-undo-a-stop',
    sentence: 'After a stop nothing begins again but by a start, or a restart that you ask for.',
    role,
    forbids: ['I35'],
    check: (before, after, event) =>
      !isWanted(before) && isWanted(after) && !isStart(event)
        ? `'${event.type}' began again`
        : undefined,
  },
  {
    id: 'restarts-are-counted',
    sentence: 'Every restart or reload that is wanted is counted, whoever asks; no other one is.',
    role,
    forbids: ['I44'],
    groups: ['RL', 'RS'],
    check: (before, after, event) => {
      if (event.type !== 'restart' && event.type !== 'reload') return undefined;
      const more = countOf(after, 'asked') - countOf(before, 'asked');
      return more === (isWanted(after) ? 1 : 0) ? undefined : `it was counted ${more} times`;
    },
  },
  {
    id: 'a-stop-answers',
    sentence: 'What is not wanted any more owes nobody a restart or a reload.',
    role,
    forbids: ['I44', 'I35'],
    check: (_, after) =>
      isOwed(after) && !isWanted(after) ? 'somebody waits for a restart for ever' : undefined,
  },
  {
    id: 'owed-is-pursued',
    sentence: 'Whoever waits for a restart or a reload is in the ledger, or waits for a launch.',
    role,
    forbids: ['I44'],
    groups: ['RL', 'RS'],
    check: (_, after) => {
      const launches = ['life.wanted.raising', 'life.wanted.cycling', 'life.falling.next.again'];
      return isOwed(after) &&
        after.matches('ledger.clear') &&
        !launches.some((state) => after.matches(state))
        ? 'somebody waits, and nothing is done about it'
        : undefined;
    },
  },
  {
    id: 'cycles-are-asked-for',
    sentence: 'A process is replaced only when somebody waits for that.',
    role,
    forbids: ['I56'],
    groups: ['RL', 'RS'],
    check: (before, after) =>
      !before.matches('life.wanted.cycling') &&
      after.matches('life.wanted.cycling') &&
      !isOwed(after)
        ? 'it is replaced, and nobody asked'
        : undefined,
  },
  {
    id: 'a-reload-answers-for-itself',
    sentence: 'A reload is the answer only to what was asked before it began, and to no restart.',
    role,
    forbids: ['I41', 'I56'],
    check: (before, after) => {
      const applied = countOf(after, 'applied');
      if (applied <= countOf(before, 'applied')) return undefined;
      if (applied > countOf(before, 'begun')) return 'it is the answer to what came after it';
      return before.context.mild === true ? undefined : 'somebody waits for a restart';
    },
  },
  {
    id: 'only-doubt-kills',
    sentence: 'A process is killed for a doubt of its link only when nobody else asked.',
    role,
    forbids: ['I38'],
    check: (before, after, { type }) => {
      if (!isDoubted(after)) return undefined;
      if (!isOwed(after)) return 'a doubt outlives what it asked for';
      const isAsked = type === 'restart' || (isOwed(before) && !isDoubted(before));
      return isAsked ? 'somebody asked, and it is killed for a doubt' : undefined;
    },
  },
  {
    id: 'asked-over-its-link',
    sentence: 'A service that is asked to end over its link has it until it ended or lost it.',
    role,
    forbids: [],
    check: (before, after, { report }) => {
      if (!before.matches('life.wanted.running') || !drains(before)) return undefined;
      if (Object(report).type === 'link.lost') return undefined;
      const isCut =
        after.matches('life.falling.halves.both') ||
        (after.matches('life.wanted.cycling.down') && !isDoubted(before));
      return isCut ? 'the link was told to rest before the service ended' : undefined;
    },
  },
  {
    id: 'limits-are-kept',
    sentence: 'A stop or a quit with a limit has it; any other is as patient as the ladder.',
    role,
    forbids: ['I46'],
    check: (before, after, { type, withinMs = 0 }) => {
      if (!ends.includes(type) || !isStopping(after)) return undefined;
      const isHurried = ['falling', 'ending'].some((end) =>
        after.matches(`life.${end}.pace.hurried`),
      );
      if (Number(withinMs) > 0)
        return isHurried ? undefined : `the limit of '${type}' is forgotten`;
      return isHurried && !isStopping(before)
        ? `'${type}' has no limit, and one is kept`
        : undefined;
    },
  },
];
