/** A wrong line for each scenario of HB.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    // one miss too many
    ids: ['HB-01'],
    file: 'machines/heartbeat.ts',
    find: 'context.missed + 1 >= context.policy.missesMax',
    instead: 'context.missed >= context.policy.missesMax',
  },
  {
    ids: ['HB-02'],
    file: 'machines/heartbeat.ts',
    find: "          on: { 'pulse.alive': { actions: 'hear' } },\n",
    instead: '',
  },
  {
    ids: ['HB-03'],
    file: 'machines/heartbeat.ts',
    find: '? { missed: 0, heard: true, dueMs:',
    instead: '? { heard: true, dueMs:',
  },
  {
    ids: ['HB-04'],
    file: 'src/runtime/settings.ts',
    find: 'policy.waitMs >= policy.everyMs',
    instead: 'policy.waitMs > 2 * policy.everyMs',
  },
  {
    // the peer is asked twice before it is given up
    ids: ['HB-08'],
    file: 'machines/heartbeat.ts',
    find: "{ guard: 'oneProbe', target: 'probing', actions: 'recall' },",
    instead: '',
  },
  {
    // an answer to the last probe is not believed
    ids: ['HB-09'],
    file: 'machines/heartbeat.ts',
    find: `          on: { 'pulse.alive': { target: 'resting', actions: 'alive' } },
          after: { probe`,
    instead: '          after: { probe',
  },
  {
    // only a pong counts as life
    ids: ['HB-12'],
    file: 'src/runtime/wire.ts',
    find: 'this.#heard();\n        this.#frameBytes',
    instead: 'this.#frameBytes',
  },
  {
    ids: ['HB-16'],
    file: 'src/protocols/openclaw/session.ts',
    find: 'if (id === this.#probeId && error.retryable !== true) this.#degrade(error.message);',
    instead: '',
  },
  {
    ids: ['HB-17'],
    file: 'machines/heartbeat.ts',
    find: 'probe: ({ context }) => context.policy.probeMs,',
    instead: 'probe: ({ context }) => context.policy.waitMs,',
  },
  {
    // an attempt that ran out of time is no failure
    ids: ['HB-19'],
    file: 'machines/connection.ts',
    find: "cause: 'lost',\n    floorMs: 0,",
    instead: "cause: 'wait',\n    floorMs: 0,",
  },
  {
    ids: ['HB-19'],
    file: 'machines/connection.ts',
    find: 'hello: ({ context }) => context.policy.helloMs,',
    instead: 'hello: ({ context }) => 10 * context.policy.helloMs,',
  },
  {
    ids: ['HB-20'],
    file: 'machines/connection.ts',
    find: 'return silenceMs > 0 ? { ...policy.heartbeat, silenceMs } : policy.heartbeat;',
    instead: 'return silenceMs < 0 ? { ...policy.heartbeat, silenceMs } : policy.heartbeat;',
  },
  {
    ids: ['HB-22'],
    file: 'src/runtime/wire.ts',
    find: 'sign: () => this.#heard(),',
    instead: 'sign: () => {},',
  },
  {
    ids: ['HB-23'],
    file: 'src/protocols/openclaw/frames.ts',
    find: "    method === 'ping'\n",
    instead: "    method !== 'ping'\n",
  },
  {
    ids: ['HB-24'],
    file: 'machines/heartbeat.ts',
    find: "context.policy.mode === 'misses' && context.missed + 1",
    instead: 'context.missed + 1',
  },
  {
    // the timer of the first connection's heartbeat outlives it
    ids: ['HB-26'],
    file: 'src/runtime/system.ts',
    find: 'if (this.#armed?.delete(id)) this.#clock.clearTimeout(id);',
    instead: 'this.#armed?.delete(id);',
  },
];
