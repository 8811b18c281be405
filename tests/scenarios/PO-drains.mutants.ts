/** A wrong line for each scenario of PO-drains.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['PO-03'],
    file: 'src/runtime/settings.ts',
    find: 'drainMs: graceful?.attached === true ? drainMs : 0,',
    instead: 'drainMs,',
  },
  {
    ids: ['PO-04'],
    file: 'src/runtime/drain.ts',
    find: 'if (attached !== null && isUnknown(error)) {',
    instead: 'if (attached === null && isUnknown(error)) {',
  },
  {
    ids: ['PO-05'],
    file: 'src/runtime/defaults.ts',
    find: "'process.stop.drainMs': ms(5_000,",
    instead: "'process.stop.drainMs': ms(5_001,",
  },
  {
    ids: ['PO-28', 'PO-31', 'PO-33'],
    file: 'src/runtime/settings.ts',
    find: "drains: link !== undefined && graceful !== undefined && 'request' in graceful,",
    instead: 'drains: false,',
  },
  {
    ids: ['PO-29'],
    file: 'machines/process.ts',
    find: "after: { drain: '#process.held.stopping' },",
    instead: "after: { drain: '#process.held.killing' },",
  },
  {
    ids: ['PO-30'],
    file: 'machines/process.ts',
    find: "            'drain.failed': 'stopping',\n",
    instead: '',
  },
  {
    ids: ['PO-32'],
    file: 'src/runtime/ways.ts',
    find: 'host.handle.write(way.stdin);',
    instead: 'host.handle.write(null);',
  },
  {
    ids: ['PO-34'],
    file: 'machines/process.ts',
    find: `            'os.exited': 'sweeping',
            'process.kill': 'killing',
          },`,
    instead: "            'os.exited': 'sweeping',\n          },",
  },
  {
    ids: ['PO-35'],
    file: 'machines/process.ts',
    find: "on: { 'host.resumed': { target: 'timed', reenter: true } },",
    instead: '',
  },
  {
    // what it says when it was asked to end counts
    ids: ['PO-36'],
    file: 'machines/process.ts',
    find: "            'drain.failed': 'stopping',\n            'os.exited': 'sweeping',",
    instead: "            'drain.failed': 'stopping',",
  },
];
