/**
 * Mutants that are the machine that ships in all that anybody can see, for a reason that no table
 * shows: id and reason. At most one of fifty; `npm run mutants` fails when an id is unknown.
 */
export const reasons: Readonly<Record<string, string>> = {
  'heartbeat.watching.awaiting/after-wait/as-probe':
    'our own record answers at once: how long it is waited for, nobody lives to see',
  'gateway.life.wanted.running.doubtful/link.lost/sibling':
    'the doubt replaces the process in the same step, or waits for the cooldown alike in both',
  'gateway.ownership/initial-attached':
    'whose it is is asked only once the service has said so, or has failed, which says it too',
};
