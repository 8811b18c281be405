/** A wrong line for each scenario of MU.test.ts. */
import type { Mutant } from './mutants.ts';

const gateway = 'machines/gateway.ts';
const ledger = 'machines/ledger.ts';
const dispatcher = 'src/runtime/dispatcher.ts';
const wire = 'src/runtime/wire.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['MU-01'],
    file: dispatcher,
    find: `    isolated(
      () => listener(value as never),
      (error) => this.#failed(name, error),
    );`,
    instead: '    listener(value as never);',
  },
  {
    // nobody is called while somebody is still at work
    ids: ['MU-02'],
    file: dispatcher,
    find: '    const result = run();\n    if (isThenable(result)) result.then(undefined, failed);',
    instead: `    if (busy) return;
    const result = run();
    busy = isThenable(result);
    if (isThenable(result)) result.then(undefined, failed);`,
    also: { find: 'interface Entry {', instead: 'let busy = false;\n\ninterface Entry {' },
  },
  {
    // what was told once is never told again
    ids: ['MU-03'],
    file: 'src/protocols/openclaw/memory.ts',
    find: "if (word.startsWith('pairing ')) this.#said.delete(word);",
    instead: '',
  },
  {
    ids: ['MU-04'],
    file: 'src/runtime/fences.ts',
    find: 'reset: () => isolated(() => handle.reset(), failed),',
    instead: 'reset: () => handle.reset(),',
  },
  {
    ids: ['MU-05'],
    file: gateway,
    find: "after: { serve: { actions: 'doubt' } },",
    instead: '',
  },
  {
    // all is well again, so nothing is owed
    ids: ['MU-06'],
    file: ledger,
    find: "    'service.launching': { target: '.clear', actions: 'serve' },",
    instead: `    'service.launching': { target: '.clear', actions: 'serve' },
    'link.opened': '.clear',`,
  },
  {
    // within the cooldown nobody is heard
    ids: ['MU-07'],
    file: ledger,
    find: `        restart: [
          { guard: 'settlesLater', target: 'settling', actions: 'ask' },
          { guard: 'wanted', target: 'due', actions: 'ask' },`,
    instead: `        restart: [
          { guard: 'settlesLater', target: 'settling', actions: 'ask' },
          { guard: 'dueNow', target: 'due', actions: 'ask' },`,
  },
  {
    // silence is measured by the clock on the wall
    ids: ['MU-08'],
    file: wire,
    find: 'return this.#host.clock.now() - this.#heardAt;',
    instead: 'return this.#host.clock.wallNow() - this.#heardAt;',
    also: {
      find: 'this.#heardAt = this.#host.clock.now();\n    if',
      instead: 'this.#heardAt = this.#host.clock.wallNow();\n    if',
    },
  },
  {
    ids: ['MU-09'],
    file: 'src/protocols/openclaw/frames.ts',
    find: '    maxProtocol: protocolVersion,\n    client,',
    instead:
      '    maxProtocol: protocolVersion,\n    client: { ...client, instanceId: challenge.nonce },',
  },
  {
    // the end of a process is not looked at before it is ready
    ids: ['MU-10'],
    file: 'machines/supervisor.ts',
    find: `            'service.raise': {},
            'process.gone': { target: '#supervisor.unstarted', actions: 'countStillborn' },
          },`,
    instead: "            'service.raise': {},\n          },",
  },
];
