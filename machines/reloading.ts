/**
 * A ready process that is asked to read its configuration anew, as a state of `owned.up`. It
 * promises one answer, that it is applied or that it is not; a process that ends meanwhile is lost
 * as ever, and its successor has read the configuration. It must never replace the process itself.
 */
import { opened } from './channel.ts';
import { proof } from './proof.ts';

const unapplied = { target: '#supervisor.owned.up.fresh', actions: 'reportUnreloaded' } as const;
/** A host that slept has not seen it take too long. */
const again = { target: 'timed', reenter: true, actions: 'tellProcess' } as const;

export const reloading = {
  initial: 'asking',
  on: { 'service.raise': { target: 'fresh', actions: 'reportReady' } },
  states: {
    asking: {
      description: 'It is asked to read its configuration anew.',
      entry: 'openReload',
      invoke: {
        id: 'reload',
        src: 'reload',
        input: ({ context }: { context: { gens: { reload: number } } }) => ({
          gen: opened(context, 'reload'),
        }),
      },
      initial: 'timed',
      on: {
        'reload.done': 'watching',
        'reload.kept': { target: '#supervisor.owned.up.fresh', actions: 'reportReloaded' },
        'reload.failed': unapplied,
      },
      states: { timed: { on: { 'host.resumed': again }, after: { reload: unapplied } } },
    },
    watching: {
      description: 'It says that it did. It must outlive that for a moment.',
      after: { watch: 'proving' },
    },
    proving: {
      description: 'That it serves is proved again.',
      initial: 'timed',
      on: {
        'readiness.proved': { target: '#supervisor.owned.up.fresh', actions: 'reportReloaded' },
      },
      states: {
        timed: {
          initial: 'asking',
          on: { 'host.resumed': again },
          after: { reload: unapplied },
          states: proof(true),
        },
      },
    },
  },
} as const;
