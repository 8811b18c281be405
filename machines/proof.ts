/**
 * How it is proved that a process serves, as the two states that ask and pause in turn. Whoever
 * holds them knows when the proof is due; they must never give it up by themselves.
 */
import { opened } from './channel.ts';

/** `again`: after a reload, when it had been proved once. */
export const proof = (again: boolean) => ({
  asking: {
    entry: 'openReadiness' as const,
    exit: 'shutReadiness' as const,
    invoke: {
      id: 'readiness' as const,
      src: 'readiness' as const,
      input: ({ context }: { context: { gens: { readiness: number } } }) => ({
        gen: opened(context, 'readiness'),
        again,
      }),
    },
    on: { 'readiness.unproved': 'pausing' as const },
    after: { ask: 'pausing' as const },
  },
  pausing: { after: { poll: 'asking' as const } },
});
