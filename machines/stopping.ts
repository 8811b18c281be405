/**
 * How the gateway stops, for `falling` and `ending` alike: it waits for both halves, and loses its
 * patience after `withinMs`. Promises that no half is forgotten; it must never decide what comes
 * after the stop.
 */

/** Waits until both halves have rested; `stuck` and `none` say where that leads. */
export const halves = <None extends object, More extends object>(
  stuck: { both: string; service: string },
  none: None,
  more: More,
) => ({
  initial: 'both' as const,
  states: {
    both: {
      on: {
        'link.rested': 'service',
        'service.rested': 'link',
        'service.unkillable': stuck.both,
      },
    },
    service: { on: { 'service.rested': 'none', 'service.unkillable': stuck.service } },
    link: { on: { 'link.rested': 'none' } },
    none,
    ...more,
  },
});

/** Whether it could still be asked or not: nobody dials while the service ends. */
export const unasked = { actions: 'restLink' } as const;

/** The same before either half has ended, and nothing was said to the link. */
export const draining = {
  description: 'The service is asked to end over the link, which stays open for that.',
  on: {
    'link.lost': unasked,
    'link.paused': unasked,
    'link.failed': unasked,
    'service.rested': { target: 'link', actions: 'restLink' },
    'service.unkillable': { target: '#unkillable', actions: 'restLink' },
  },
} as const;

/** Where a stop leads that somebody may undo: a process on record, or both halves at rest. */
export const stuck = { both: '#unkillable', service: '#unkillable' } as const;
export const afterwards = {
  always: [
    { guard: 'again', target: '#wanted.raising', actions: 'raiseService' },
    { target: '#resting' },
  ],
} as const;

/** A limit that comes later counts from then on. */
export const hurry = { guard: 'limited', target: '.hurried' } as const;

/** How long the halves may take: as patient as the ladder, or killed when a limit is over. */
export const pace = <On extends object>(on: On) => ({
  initial: 'patient' as const,
  on,
  states: {
    patient: { always: { guard: 'limited', target: 'hurried' } },
    hurried: { after: { within: { guard: 'serviceLeft', actions: 'killService' } } },
  } as const,
});
