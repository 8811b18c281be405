/** A wrong line for each scenario of CH.test.ts. */
import type { Mutant } from './mutants.ts';

export const mutants: readonly Mutant[] = [
  {
    ids: ['CH-01'],
    file: 'src/protocols/openclaw/session.ts',
    find: "this.#host.post({ type: 'socket.opened' });",
    instead: `this.#host.post({ type: 'socket.opened' });
    this.#host.send(JSON.stringify({ type: 'req', id: 'early', method: 'connect' }));`,
  },
  {
    ids: ['CH-02'],
    file: 'src/protocols/openclaw/session.ts',
    find: 'connectFrame(id, this.#challenge, papers.request)',
    instead: "connectFrame(id, { ...this.#challenge, nonce: 'none' }, papers.request)",
  },
  {
    ids: ['CH-03'],
    file: 'machines/connection.ts',
    find: 'challenge: ({ context }) => context.policy.challengeMs,',
    instead: 'challenge: ({ context }) => context.policy.helloMs,',
  },
  {
    ids: ['CH-04', 'CH-05'],
    file: 'machines/connection.ts',
    find: 'hello: ({ context }) => context.policy.helloMs,',
    instead: 'hello: ({ context }) => context.policy.challengeMs,',
  },
  {
    ids: ['CH-06'],
    file: 'src/protocols/openclaw/session.ts',
    find: "frame.problem === 'bad-challenge'",
    instead: "frame.problem === 'not-a-frame'",
  },
  {
    ids: ['CH-07'],
    file: 'machines/connection.ts',
    find: "'socket.refused': { target: '.closing', actions: ['noteCause', 'closeAsRefused'] },",
    instead: "'socket.refused': { actions: 'noteCause' },",
  },
  {
    ids: ['CH-08'],
    file: 'src/protocols/openclaw/session.ts',
    find: "if (this.#stage === 'opened') this.#await(frame);",
    instead: `if (this.#stage === 'greeted' && frame.kind === 'challenge') {
      this.#host.send(this.#connect.frame);
    }
    if (this.#stage === 'opened') this.#await(frame);`,
  },
  {
    ids: ['CH-10'],
    file: 'src/protocols/openclaw/session.ts',
    find: "if (frame.kind !== 'answer' || frame.id !== this.#connect?.id) return;",
    instead: "if (frame.kind !== 'answer') return;",
  },
  {
    ids: ['CH-12'],
    file: 'src/runtime/link-leaves.ts',
    find: "post({ type: 'credentials.failed', cause });",
    instead: '',
  },
  {
    ids: ['CH-19'],
    file: 'src/protocols/openclaw/session.ts',
    find: 'silenceMs: 2 * policy.tickIntervalMs',
    instead: 'silenceMs: 2 * (this.#memory.tickMs ??= policy.tickIntervalMs)',
  },
  {
    ids: ['CH-20'],
    file: 'machines/reconnect.ts',
    find: "{ guard: 'protocolDiffers', target: '#reconnect.failed.protocol' } as const,",
    instead: '',
  },
  {
    ids: ['CH-25'],
    file: 'src/protocols/openclaw/refusals.ts',
    find: "AUTH_TOKEN_MISMATCH: 'credentials',",
    instead: "AUTH_TOKEN_MISMATCH: 'wait',",
  },
  {
    ids: ['CH-26', 'CH-29'],
    file: 'src/runtime/dispatcher.ts',
    find: `    isolated(
      () => listener(value as never),
      (error) => this.#failed(name, error),
    );`,
    instead: '    listener(value as never);',
  },
  {
    ids: ['CH-27'],
    file: 'machines/reconnect.ts',
    find: '            tries: context.tries + 1,',
    instead: '            tries: context.tries + 2,',
  },
];
