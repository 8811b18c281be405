/** A wrong line for each scenario of CC.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    // an announced restart is an ordinary loss
    ids: ['CC-01'],
    file: 'machines/gateway.ts',
    find: "                  { guard: 'announced', target: 'relinking.expecting' },\n",
    instead: '',
  },
  {
    ids: ['CC-03'],
    file: 'machines/supervisor.ts',
    find: "'service.fall': { target: '.falling.toRest', actions: 'stopProcess' },",
    instead: "'service.fall': { target: '.falling.toRest' },",
  },
  {
    // 1012 is a loss as any other
    ids: ['CC-04'],
    file: 'src/protocols/openclaw/refusals.ts',
    find: "return as('restart', Math.min(leaving?.restartExpectedMs ?? 0, restartMost));",
    instead: "return as('retry', Math.min(leaving?.restartExpectedMs ?? 0, restartMost));",
  },
  {
    ids: ['CC-05'],
    file: 'src/runtime/live-host.ts',
    find: 'const code = facts.lastEnd?.code ?? 1006;',
    instead: 'const code = 1006;',
  },
  {
    ids: ['CC-05'],
    file: 'src/runtime/live-host.ts',
    find: 'requests.detach(wire, lost);',
    instead: '',
  },
  {
    // looked for before the time it has announced
    ids: ['CC-06'],
    file: 'src/protocols/openclaw/refusals.ts',
    find: 'Math.min(leaving?.restartExpectedMs ?? 0, restartMost)',
    instead: '0',
  },
  {
    // a restart that was announced counts as a failure of the link
    ids: ['CC-06'],
    file: 'machines/reconnect.ts',
    find: "return cause === 'restart' ||",
    instead: 'return',
  },
  {
    // nothing is said of when to come back
    ids: ['CC-08'],
    file: 'src/protocols/openclaw/refusals.ts',
    find: `    case 1013:
      return as('wait', startup.usual);`,
    instead: `    case 1013:
      return as('wait');`,
  },
  {
    ids: ['CC-09'],
    file: 'src/protocols/openclaw/refusals.ts',
    find: 'if (/pairing required|pending approval/i.test(end.reason))',
    instead: 'if (/pending approval/i.test(end.reason))',
  },
  {
    // a policy that was violated past hello pauses the link
    ids: ['CC-10'],
    file: 'src/protocols/openclaw/refusals.ts',
    find: "if (!handshake) return as('retry');",
    instead: "if (!handshake) return as('credentials');",
  },
  {
    ids: ['CC-11'],
    file: 'src/runtime/link-leaves.ts',
    find: 'maxPayloadBytes: link.messageBytes,',
    instead: 'maxPayloadBytes: 26_214_400,',
  },
  {
    // waits as long as the attempts before it had earned
    ids: ['CC-18'],
    file: 'machines/reconnect.ts',
    find: 'returningMs > 0 ? Math.min(backoff.maxMs, returning.maxMs) : backoff.maxMs;',
    instead: 'backoff.maxMs;',
  },
];
