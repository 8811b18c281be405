/** A wrong line for each scenario of RP-frames.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['RP-10'],
    file: 'src/protocols/jsonrpc.ts',
    find: "return Number.isFinite(id) ? { value: id } : 'strange';",
    instead: "return 'strange';",
  },
  {
    ids: ['RP-06'],
    file: 'src/protocols/jsonrpc.ts',
    find: "return json === '{}' || json === '' ? 'Unknown error' : json;",
    instead: "return 'Unknown error';",
  },
  {
    ids: ['RP-11'],
    file: 'src/protocols/jsonrpc.ts',
    find: "return { kind: 'event', name: method, payload: field(value, 'params') };",
    instead: 'return message;',
  },
  {
    ids: ['RP-12'],
    file: 'src/protocols/openclaw/session.ts',
    find: "else if (name !== 'tick') {",
    instead: 'else {',
  },
  {
    ids: ['RP-13'],
    file: 'src/protocols/openclaw/session.ts',
    find: "else if (name !== 'tick') {",
    instead: "else if (['presence', 'health', 'chat', 'agent'].includes(name)) {",
  },
];
