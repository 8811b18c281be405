/**
 * What the checker holds every machine to without being asked, as sentences for the docs. It must
 * name every rule of src/verify, and no other.
 */

/** What the checker looks at in every step of any machine, under the names it reports. */
export const kernel: readonly { id: string; sentence: string; groups?: readonly string[] }[] = [
  {
    id: 'stale-is-inert',
    sentence: 'A report of a stopped or replaced actor, or of an older order, changes nothing.',
    groups: ['GS', 'DS'],
  },
  {
    id: 'nothing-throws',
    sentence: 'No machine throws, whatever arrives in whatever state.',
    groups: ['BI'],
  },
  { id: 'never-final', sentence: 'No machine ends by itself.' },
  { id: 'no-inner-event', sentence: 'No inner event travels between actors.', groups: ['BI'] },
  { id: 'one-instance', sentence: 'At most one live instance stands at each place.' },
  { id: 'timer-discipline', sentence: 'No timer is armed twice under one name.' },
  { id: 'missing-child', sentence: 'Nothing is sent to a child that is not there.' },
  { id: 'one-report', sentence: 'A step has at most one report, sent last.' },
  { id: 'generations', sentence: 'A report carries the generation that its sender has taken.' },
  { id: 'pure', sentence: 'No step reads a clock, rolls dice or changes a context in place.' },
  {
    id: 'not-abandoned',
    sentence: 'What must come to its own end is let go only when it has.',
    groups: ['SV'],
  },
  { id: 'silent-once-stopped', sentence: 'No leaf says a word while it is being stopped.' },
];
