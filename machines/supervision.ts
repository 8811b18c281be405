/**
 * What holds of every step of a supervisor and its process: whose process is used, what a repair
 * may lead to, and who is asked before it is signalled.
 * It must never say which state keeps a promise where what was reported can be looked at.
 */
import type { StepGuarantee } from './guarantees.ts';

export const supervision: readonly StepGuarantee[] = [
  {
    id: 'attached-is-proved',
    sentence: 'A process of somebody else is used only once it has proved to be the service.',
    role: 'service',
    forbids: ['I45'],
    check: (before, after, { report }) =>
      !before.matches('attached') &&
      after.matches('attached') &&
      Object(report).type !== 'port.serving'
        ? 'attached without a proof'
        : undefined,
  },
  {
    id: 'mended-once',
    sentence: 'A configuration is mended once; again only after it served, or when somebody asks.',
    role: 'service',
    forbids: ['I33'],
    groups: ['SR'],
    check: (before, after) =>
      !before.matches('mending') && after.matches('mending') && before.context.repaired === true
        ? 'mended again, and nobody asked'
        : undefined,
  },
  {
    id: 'mended-is-said',
    sentence: 'After a repair it starts again only if the repair says that it helped.',
    role: 'service',
    forbids: ['I33'],
    check: (before, after, { report }) =>
      before.matches('owned.repairing') &&
      after.matches('clearing') &&
      Object(report).type === 'process.gone' &&
      Object(report).class !== 'clean'
        ? 'started again, and nothing is mended'
        : undefined,
  },
  {
    id: 'mended-to-its-end',
    sentence: 'A start leaves a repair that is under way alone.',
    role: 'service',
    forbids: ['I33'],
    groups: ['SR'],
    check: (before, after, { order }) =>
      Object(order).type === 'service.raise' &&
      ['mending', 'owned.repairing'].some((state) => before.matches(state) && !after.matches(state))
        ? 'a start ended the repair'
        : undefined,
  },
  {
    id: 'asked-before-signalled',
    sentence: 'A process that can be asked to end in its own way is asked before it is signalled.',
    role: 'process',
    forbids: [],
    groups: ['PO'],
    check: (before, after) =>
      before.matches('held.alive') &&
      after.matches('held.stopping') &&
      Object(Object(before.context.policy).stop).drainMs > 0
        ? 'it was not asked'
        : undefined,
  },
];
