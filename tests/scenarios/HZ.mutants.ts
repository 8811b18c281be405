/** A wrong line for each scenario of HZ.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    // the moment of the last look, in place of the moment it began
    ids: ['HZ-01'],
    file: 'src/runtime/status.ts',
    find: 'since: previous?.state === state ? previous.since : scene.clock.wallNow(),',
    instead: 'since: scene.clock.wallNow(),',
  },
  {
    // what the peer said of itself is not kept
    ids: ['HZ-02'],
    file: 'src/runtime/live-host.ts',
    find: 'server: wire.session.server,',
    instead: 'server: {},',
  },
  {
    // a socket that is open is healthy
    ids: ['HZ-03'],
    file: 'src/runtime/machinery.ts',
    find: '    let answered = false;\n    try {',
    instead: '    let answered = true;\n    try {',
  },
  {
    // a start that had time enough is given up, and what it started stays
    ids: ['HZ-04'],
    file: 'machines/supervisor.ts',
    find: `                      target: '#supervisor.owned.falling.toRecover',
                      actions: ['countStillborn', 'stopProcess'],`,
    instead: `                      target: '#supervisor.owned.up',
                      actions: ['countStillborn'],`,
  },
  {
    ids: ['HZ-05'],
    file: 'src/runtime/plan-leaf.ts',
    find: "await calling('process.beforeSpawn', () => beforeSpawn(whole, request), asking);",
    instead: `await calling('process.beforeSpawn', () => beforeSpawn(whole, request), asking);
    await calling('process.beforeSpawn', () => beforeSpawn(whole, request), asking);`,
  },
  {
    // a spawn that fails is told to nobody
    ids: ['HZ-06'],
    file: 'machines/process.ts',
    find: "        'os.failed': 'gone',\n",
    instead: '',
  },
  {
    ids: ['HZ-07'],
    file: 'src/runtime/host.ts',
    find: "ownership: host.facts.process?.ownership ?? 'attached',",
    instead: "ownership: 'owned',",
  },
  {
    // what was not there at the quit is let go
    ids: ['HZ-08'],
    file: 'machines/process.ts',
    find: `            'process.stop': 'killing',
            'process.kill': 'killing',
          },
          after: { spawn`,
    instead: `            'process.stop': '#process.gone',
            'process.kill': '#process.gone',
          },
          after: { spawn`,
  },
];
