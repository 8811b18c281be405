/**
 * What becomes of a configuration that a process refuses: the host is asked once for a command
 * that mends it, and the command is run as a process like any other, so that a stop, a host that
 * dies and a child that will not end are met as ever. They promise one repair for one
 * configuration; they must never start the service beside it.
 */
import { opened } from './channel.ts';

type Gens = { context: { gens: { plan: number }; tries: number } };

export const mending = {
  description: 'It refuses its configuration. Asking the host for a command that mends it.',
  entry: ['openPlan', 'noteRepair'],
  invoke: {
    id: 'plan',
    src: 'plan',
    input: ({ context }: Gens) => ({
      gen: opened(context, 'plan'),
      attempt: context.tries + 1,
      task: 'repair' as const,
    }),
  },
  on: {
    'service.raise': {},
    'plan.ready': 'owned.repairing',
    'plan.failed': 'failed.configuration',
  },
  after: { plan: 'failed.configuration' },
} as const;

export const repairing = {
  description: 'The command that mends it runs. Only if it says that it did, a start follows.',
  on: {
    'service.raise': {},
    'host.resumed': { target: 'repairing', reenter: true, actions: 'tellProcess' },
    'process.gone': [
      { guard: 'mended', target: '#supervisor.clearing' },
      { target: '#supervisor.failed.configuration' },
    ],
  },
  after: { repair: { actions: 'killProcess' } },
} as const;
