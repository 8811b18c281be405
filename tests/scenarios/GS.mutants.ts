/** A wrong line for each scenario of GS.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['GS-01', 'GS-09'],
    file: 'src/runtime/wire.ts',
    find: `  release() {
    this.#handle.reset();`,
    instead: '  release() {',
  },
  {
    ids: ['GS-02', 'GS-13'],
    file: 'src/runtime/wire.ts',
    find: `    if (this.#done) return;
    if (this.#held === null) this.#host.inbound(inbound);`,
    instead: '    if (this.#held === null) this.#host.inbound(inbound);',
    also: {
      find: '        if (this.#done) return;\n        this.#heard();',
      instead: '        this.#heard();',
    },
  },
  {
    ids: ['GS-03', 'GS-04', 'GS-10'],
    file: 'src/runtime/wire.ts',
    find: `    if (this.#done) return;
    this.#done = true;`,
    instead: '    this.#done = true;',
  },
  {
    ids: ['GS-05', 'GS-06', 'GS-15'],
    file: 'machines/reconnect.ts',
    find: "          after: { backoff: '#reconnect.trying' },",
    instead: `          entry: ({ context, self, system }) =>
            system.scheduler.schedule(self, self, { type: 'link.dial' }, context.waitMs, 'stale'),`,
  },
  {
    ids: ['GS-07'],
    file: 'machines/reconnect.ts',
    find: "always: verdict('reportUnreachable'),",
    instead: "always: '#reconnect.resting',",
  },
  {
    ids: ['GS-08'],
    file: 'machines/reconnect.ts',
    find: "always: verdict('reportLost')",
    instead: "always: '#reconnect.resting'",
  },
  {
    ids: ['GS-14'],
    file: 'src/runtime/wire.ts',
    find: "const cause = this.#silent ? 'dead' : 'closed';",
    instead: "const cause = this.#listening.size > 0 ? 'dead' : 'closed';",
  },
  {
    ids: ['GS-14'],
    file: 'machines/heartbeat.ts',
    find: `          description: 'Modes misses and observe: one ping is out.',
          entry: 'ping',`,
    instead: `          entry: [
            'ping',
            ({ context, self, system }) => {
              const link = self._parent._parent;
              const { waitMs } = context.policy;
              system.scheduler.schedule(link, link, { type: 'link.dial' }, waitMs, 'stale');
            },
          ],`,
  },
  {
    ids: ['GS-16'],
    file: 'src/runtime/service-leaves.ts',
    find: 'if (!over) tell(...args);',
    instead: 'tell(...args);',
  },
  {
    ids: ['GS-17'],
    file: 'machines/heartbeat.ts',
    find: `          description: 'The last probe before the verdict.',
          entry: 'ping',
          on: { 'pulse.alive': { target: 'resting', actions: 'alive' } },`,
    instead: "          entry: 'ping',",
  },
  {
    ids: ['GS-20'],
    file: 'src/protocols/openclaw/session.ts',
    find: 'if (missed === 0 || seq === null) return;',
    instead: 'if (missed <= 1 || seq === null) return;',
  },
];
