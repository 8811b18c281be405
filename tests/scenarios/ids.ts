/**
 * The scenarios that must have a test, by group, and those that another suite proves. An id
 * counts when a mutant of a machine or of the runtime makes its test fail; the audit looks.
 */

const groups: Readonly<Record<string, string>> = {
  CH: '1-8 10 12 15-21 23-27 29',
  GS: '1-10 13-17 20',
  DS: '1-13 16 18-22 24 26 28 30 31',
  HB: '1-4 6-10 12-17 19 20 22-24 26',
  RC: '1-8 10-12 14-16 18-20 22 24',
  CC: '1 3-6 8-11 13 16 18',
  RP: '1-13 15 16 18',
  AU: '1-14 16 17 20-23',
  BI: '1-3 5-8 10',
  // what it says of itself: health, records, figures, and the lines of its process
  DG: '1-7 9-12 14 16 17',
  // what it must not say
  SE: '1-3 5-7',
  PO: '1-7 10-14 16 17 19-22 24-36',
  // restarts: joined, cooled, delayed, superseded, and none that is lost
  RS: '1-4 6-11 13-20 22-24',
  // trouble of a start: what is mended, what is tried again, what is the end, what ready means
  SR: '1-13 15 20-28',
  // a configuration that is changed by compare-and-set
  RL: '1-7 9 10 12-32',
  // a service and its processes: what a start that failed costs, and what each deadline leads to
  SV: '1-22',
  // whose process it is: ours, ours from a host that was killed, or somebody else's
  OW: '1-22',
  // what the bug museum has, and no scenario before
  MU: '1-10',
  // what the table of hazards has, and no scenario before
  HZ: '1-8',
  // what a link makes of signs of life, sleeps and ends, to the millisecond
  LI: '1-10',
  // what the root decides alone
  RO: '1-22',
  // the two named races, as properties over the machines and over the runtime
  PR: '1-4',
};

/** Every id, as `CH-01`. */
export const ids: readonly string[] = Object.entries(groups).flatMap(([group, list]) =>
  list.split(' ').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    const count = last - first + 1;
    return Array.from({ length: count }, (_, at) => `${group}-${`${first + at}`.padStart(2, '0')}`);
  }),
);
