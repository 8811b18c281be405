/** The guard, or the stop, taken out: a build whose races are back. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['PR-01'],
    file: 'machines/channel.ts',
    find: "(event as Envelope).gen === opened(context, event.type.slice('from.'.length))",
    instead: "(event as Envelope).gen <= opened(context, event.type.slice('from.'.length))",
  },
  {
    ids: ['PR-02'],
    file: 'src/runtime/wire.ts',
    find: '  #deliver(inbound: Inbound) {\n    if (this.#done) return;',
    instead: '  #deliver(inbound: Inbound) {',
    also: {
      find: '        if (this.#done) return;\n        this.#heard();',
      instead: '        this.#heard();',
    },
  },
  {
    ids: ['PR-03'],
    file: 'machines/gateway.ts',
    find: `{ target: 'falling', actions: ['restLink', 'dropService'] },
            ],
            dispose: { target: 'ending', actions: ['dropLink', 'dropService'] },
            quit: { target: 'ending', actions: ['dropLink', 'dropService'] },
            cycle`,
    instead: `{ target: 'falling', actions: ['restLink', 'dropService'] },
            ],
            dispose: { target: 'ending', actions: ['dropService'] },
            quit: { target: 'ending', actions: ['dropLink', 'dropService'] },
            cycle`,
  },
  {
    ids: ['PR-04'],
    file: 'src/runtime/wire.ts',
    find: '  release() {\n    this.#handle.reset();',
    instead: '  release() {',
  },
];
