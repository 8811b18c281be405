/**
 * How the gateway stops, for `falling` and `ending` alike: it waits for both halves, and loses its
 * patience after `withinMs`. Promises that no half is forgotten; it must never decide what comes
 * after the stop.
 */

/** Waits until both halves have rested; `stuck` and `none` say where that leads. */
export const halves = <None extends object>(
  stuck: { both: string; service: string },
  none: None,
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
  },
});

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
