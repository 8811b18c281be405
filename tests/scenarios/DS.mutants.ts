/** A wrong line for each scenario of DS.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    // a second dispose loses its patience
    ids: ['DS-01'],
    file: 'machines/gateway.ts',
    find: `          description: 'Stopping for ever. Takes nothing any more.',
          type: 'parallel',`,
    instead: `          description: 'Stopping for ever. Takes nothing any more.',
          on: { dispose: { target: 'ending', reenter: true, actions: 'killService' } },
          type: 'parallel',`,
  },
  {
    ids: ['DS-02'],
    file: 'src/runtime/fences.ts',
    find: 'reset: () => isolated(() => handle.reset(), failed),',
    instead: 'reset: () => isolated(() => handle.reset(), () => {}),',
  },
  {
    ids: ['DS-03'],
    file: 'src/runtime/dispatcher.ts',
    find: `    isolated(
      () => listener(value as never),
      (error) => this.#failed(name, error),
    );`,
    instead: '    listener(value as never);',
  },
  {
    ids: ['DS-04'],
    file: 'src/runtime/link-leaves.ts',
    find: '        wire.release();',
    instead: '',
  },
  {
    ids: ['DS-05'],
    file: 'src/runtime/live-host.ts',
    find: '    this.defer(() => ending.abort());',
    instead: '',
  },
  {
    ids: ['DS-06'],
    file: 'machines/gateway.ts',
    find: `            dispose: { target: 'ending', actions: ['dropLink', 'dropService'] },
            quit: { target: 'ending', actions: ['dropLink', 'dropService'] },
            cycle`,
    instead: `            dispose: { target: 'ending', actions: ['dropService'] },
            quit: { target: 'ending', actions: ['dropLink', 'dropService'] },
            cycle`,
  },
  {
    ids: ['DS-07'],
    file: 'src/runtime/gateway.ts',
    find: "if (this.status.intent !== 'disposed') return;",
    instead: "if (this.status.state !== 'failed') return;",
  },
  {
    ids: ['DS-08', 'DS-22'],
    file: 'src/runtime/live-host.ts',
    find: 'requests.detach(wire, lost);',
    instead: '',
  },
  {
    ids: ['DS-09'],
    file: 'machines/supervisor.ts',
    find: "'service.fall': { target: '.resting', actions: 'reportRested' },",
    instead: "'service.fall': { actions: 'reportRested' },",
  },
  {
    ids: ['DS-11'],
    file: 'machines/gateway.ts',
    find: "rest: { on: { start: 'again', restart:",
    instead: 'rest: { on: { restart:',
  },
  {
    ids: ['DS-12'],
    file: 'machines/process.ts',
    find: `            'os.spawned': 'alive',
            'process.stop': 'killing',`,
    instead: `            'os.spawned': 'alive',
            'process.stop': '#process.gone',`,
  },
  {
    ids: ['DS-13'],
    file: 'machines/connection.ts',
    find: "'connection.close': { target: '.closing', actions: 'closeAsAsked' },",
    instead: "'connection.close': {},",
  },
  {
    ids: ['DS-20'],
    file: 'src/runtime/machinery.ts',
    find: "    if (this.view.gateway.in('life.wanted')) {",
    instead: "    if (!this.view.gateway.in('life.falling')) {",
  },
  {
    // a second stop begins again, and loses its patience
    ids: ['DS-21'],
    file: 'machines/gateway.ts',
    find: `            quit: { target: 'ending', actions: ['dropLink', 'dropService'] },
          },
          states: {
            halves`,
    instead: `            quit: { target: 'ending', actions: ['dropLink', 'dropService'] },
            stop: { target: 'falling', reenter: true, actions: ['restLink', 'killService'] },
          },
          states: {
            halves`,
  },
  {
    ids: ['DS-24'],
    file: 'machines/process.ts',
    find: "after: { grace: '#process.held.killing' },",
    instead: "after: { kill: '#process.held.killing' },",
  },
  {
    ids: ['DS-30'],
    file: 'machines/gateway.ts',
    find: `{ target: 'falling', actions: ['restLink', 'dropService'] },
            ],`,
    instead: `{ target: 'falling', actions: ['restLink'] },
            ],`,
  },
];
