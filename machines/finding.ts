/**
 * Who is there before anything is started, as three states of the supervisor: what an earlier host
 * of ours has left, who holds the port, and somebody else's process that serves. They promise that
 * nothing is started beside what lives already; they must never lead to a signal for a process that
 * is not proved to be ours.
 */
import { opened } from './channel.ts';

type Gens = { context: { gens: { custody: number; port: number; drain: number } } };

const custody = {
  id: 'custody',
  src: 'custody',
  input: ({ context }: Gens) => ({ gen: opened(context, 'custody') }),
} as const;

const port = {
  id: 'port',
  src: 'port',
  input: ({ context }: Gens) => ({ gen: opened(context, 'port') }),
} as const;

export const locating = {
  description: 'Looking for what an earlier host of ours has left running.',
  entry: 'openCustody',
  invoke: custody,
  on: {
    'custody.none': 'clearing',
    'custody.ours': 'owned',
    'custody.leftover': 'owned.evicting',
    'custody.refused': 'failed.occupied',
  },
  after: { look: 'failed.occupied' },
} as const;

export const clearing = {
  description: 'Nothing is started on a port that somebody else holds.',
  initial: 'asking',
  on: {
    'port.free': 'preparing',
    'port.serving': 'attached',
    // who comes back again and again is not ended for ever
    'port.condemned': [
      { guard: 'exhausted', target: 'failed.occupied' },
      { target: 'owned.evicting', actions: 'charge' },
    ],
  },
  after: { port: 'failed.occupied' },
  states: {
    asking: {
      entry: 'openPort',
      invoke: port,
      on: { 'port.taken': 'pausing' },
    },
    pausing: { after: { poll: 'asking' } },
  },
} as const;

const rested = { target: '#supervisor.resting', actions: 'reportRested' } as const;

export const attached = {
  description: "Somebody else's process serves. It gets no signal and is never replaced.",
  entry: 'reportAttached',
  on: {
    'service.fall': [{ guard: 'drains', target: '.draining' }, rested],
  },
  initial: 'serving',
  states: {
    serving: { on: { 'service.look': 'looking' } },
    looking: {
      description: 'The link does not reach it. If it is gone, one of ours is started.',
      entry: 'openPort',
      invoke: port,
      on: {
        'port.serving': 'serving',
        'port.taken': 'serving',
        'port.condemned': 'serving',
        'port.free': { target: '#supervisor.clearing', actions: 'reportDown' },
      },
      after: { look: 'serving' },
    },
    draining: {
      description: 'It is asked to end, because the host said so. It gets no signal.',
      entry: 'openDrain',
      invoke: {
        id: 'drain',
        src: 'drain',
        input: ({ context }: Gens) => ({ gen: opened(context, 'drain') }),
      },
      on: { 'service.fall': {}, 'drain.asked': rested, 'drain.failed': rested },
      after: { drain: rested },
    },
  },
} as const;
