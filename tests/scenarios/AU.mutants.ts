/** A wrong line for each scenario of AU.test.ts and AU-waiting.test.ts. */
import type { Mutant } from './mutants.ts';

const reconnect = 'machines/reconnect.ts';
const connection = 'machines/connection.ts';
const gateway = 'machines/gateway.ts';
const refusals = 'src/protocols/openclaw/refusals.ts';
const session = 'src/protocols/openclaw/session.ts';
const papers = 'src/protocols/openclaw/papers.ts';
const device = 'src/protocols/openclaw/device.ts';
const leaves = 'src/runtime/link-leaves.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['AU-01'],
    file: reconnect,
    find: "credentialsRefused: ({ context }) => context.cause === 'credentials',",
    instead: 'credentialsRefused: () => false,',
  },
  {
    ids: ['AU-02'],
    file: session,
    find: '    const error = readPeerError(frame.error, this.#secrets);',
    instead: `    const error = readPeerError(frame.error, this.#secrets);
    const { cause, floorMs } = ending(readRefusal(frame.error, this.#attempt));
    if (cause === 'credentials') this.#host.post({ type: 'socket.refused', cause, floorMs });`,
  },
  {
    ids: ['AU-03'],
    file: reconnect,
    find: '            cause: event.cause,\n            floorMs: Math.min(',
    instead: `            cause: context.cause === 'credentials' ? context.cause : event.cause,
            floorMs: Math.min(`,
  },
  {
    ids: ['AU-04'],
    file: session,
    find: "    if (kind === 'signature') this.#memory.proof = 'v2';\n",
    instead: '',
  },
  {
    ids: ['AU-05'],
    file: refusals,
    find: "'DEVICE_AUTH_SIGNATURE_INVALID' && attempt.proof === 'v3') return",
    instead: "'DEVICE_AUTH_SIGNATURE_INVALID') return",
  },
  {
    ids: ['AU-06'],
    file: refusals,
    find: "if (code === 'DEVICE_AUTH_SIGNATURE_INVALID' &&",
    instead: "if (code.startsWith('DEVICE_AUTH_SIGNATURE') &&",
  },
  {
    ids: ['AU-07', 'AU-10'],
    file: reconnect,
    find: "{ entry: 'reportPairing', after: { pairing: '#reconnect.trying' } }",
    instead: "{ entry: 'reportPairing' }",
  },
  {
    ids: ['AU-07'],
    file: reconnect,
    find: 'Math.max(context.policy.pairingMs, context.floorMs)',
    instead: 'context.policy.pairingMs',
  },
  {
    ids: ['AU-08'],
    file: session,
    find: 'const isIdle = refusal.pairing !== null && !refusal.pairing.retry;',
    instead: 'const isIdle = false;',
  },
  {
    ids: ['AU-09'],
    file: connection,
    find: "'socket.closed': '#connection.ended',",
    instead: "'socket.closed': { target: '#connection.ended', actions: 'noteCause' },",
  },
  {
    ids: ['AU-11'],
    file: refusals,
    find: "retry: field(details, 'pauseReconnect') !== true && (role !== 'node' || asked),",
    instead: "retry: role !== 'node' || asked,",
  },
  {
    ids: ['AU-12'],
    file: refusals,
    find: 'return id !== null && requestIdShape.test(id) ? id : null;',
    instead: 'return id;',
  },
  {
    ids: ['AU-13'],
    file: session,
    find: "    if (kind === 'device-token') this.#dropToken();\n",
    instead: '',
  },
  {
    ids: ['AU-14'],
    file: refusals,
    find: "'device-token' && attempt.trusted && attempt",
    instead: "'device-token' && attempt",
  },
  {
    ids: ['AU-16'],
    file: leaves,
    find: 'if (floorMs === 0) return false;',
    instead: 'if (floorMs >= 0) return false;',
  },
  {
    ids: ['AU-16'],
    file: reconnect,
    find: "on: { 'link.nudge': 'hurried' }",
    instead: "on: { 'link.nudge': '#reconnect.trying' }",
  },
  {
    ids: ['AU-17'],
    file: papers,
    find: "return failingClosed('identity', () => identity.load());",
    instead: 'return identity.load().catch(() => null);',
  },
  {
    ids: ['AU-20'],
    file: leaves,
    find: `        if (abort.signal.aborted) return;
        const cause: EndCause`,
    instead: '        const cause: EndCause',
  },
  {
    ids: ['AU-21'],
    file: session,
    find: "const failed = () => this.#host.diagnose('warn', 'HF_TOKEN_STORE', message);",
    instead: 'const failed = () => this.#refused(notAHello);',
  },
  {
    ids: ['AU-22'],
    file: gateway,
    find: "restart: { guard: 'byUser', target: 'wanted.raising', actions: 'raiseService' },",
    instead: "restart: { target: 'wanted.raising', actions: 'raiseService' },",
  },
  {
    ids: ['AU-23'],
    file: device,
    find: 'auth.deviceToken === null || auth.deviceToken === stored?.token',
    instead: 'auth.deviceToken === null',
  },
];
