/** A wrong line for each scenario of SE.test.ts; for the first one at each fence. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    // the process is asked for its secrets, but not its arguments
    ids: ['SE-01'],
    file: 'src/runtime/service-leaves.ts',
    find: 'host.output.begin(target);',
    instead: 'host.output.begin({ env: target.env });',
  },
  {
    ids: ['SE-02'],
    file: 'src/runtime/wire.ts',
    find: '  const { protocol, host, pathname } = new URL(url);',
    instead: '  return url;\n  const { protocol, host, pathname } = new URL(url);',
  },
  {
    ids: ['SE-03'],
    file: 'src/errors.ts',
    find: 'details: loggable(this.details),',
    instead: 'details: this.details,',
  },
  {
    ids: ['SE-07'],
    file: 'src/protocols/openclaw/refusals.ts',
    find: 'const requestIdShape = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;',
    instead: 'const requestIdShape = /^[A-Za-z0-9].{0,127}$/;',
  },
];
