/**
 * Hostile peers, frame by frame: whatever comes, in whatever order, a session posts only what its
 * protocol names for the moment, throws nothing, says little and repeats no secret. The rules are
 * in oracle.ts; here they are held against three protocols, and shown to bite: a session that
 * breaks one of them is found out. `npm run verify` plays more than 100,000 frames.
 */

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Inbound, Protocol, Session, SessionHost } from '../../src/ports.ts';
import { dialects } from './frames.ts';
import { make, play } from './play.ts';
import { holds, storm } from './storm.ts';

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(() => void process.on('unhandledRejection', note));
afterAll(() => void process.off('unhandledRejection', note));

describe('a session does with hostile frames what its protocol names, and nothing else,', () => {
  for (const dialect of dialects) {
    it(`${dialect}: over at least 4000 frames`, { timeout: 60_000 }, async () => {
      await storm(dialect, 4_000);
      expect(unhandled).toEqual([]);
    });
  }
});

describe('a token that the hello has just issued', () => {
  it('is not repeated in the reason of the close that follows', async () => {
    const says = { new: [], opened: [], challenged: [], asked: [], granted: [], greeted: [] };
    const more = { accepted: [], asking: [], closing: [], over: [] };
    expect(
      await play('openclaw', { upTo: 'over', says: { ...says, ...more } }, make('openclaw')),
    ).toEqual([]);
  });
});

/** A real session whose host, or whose part, does one thing wrong. */
function sabotaged(
  change: (host: SessionHost) => Partial<SessionHost>,
  part: (session: Session, host: SessionHost) => Partial<Session> = () => ({}),
): (variant: number) => Protocol {
  return (variant) => {
    const real = make('openclaw', variant);
    return {
      ...real,
      session(host) {
        const changed: SessionHost = {
          attempt: host.attempt,
          endpoint: host.endpoint,
          clock: host.clock,
          uuid: () => host.uuid(),
          send: (frame) => host.send(frame),
          saving: (work) => host.saving(work),
          post: (fact, because) => host.post(fact, because),
          deliver: (inbound) => host.deliver(inbound),
          diagnose: (level, code, message) => host.diagnose(level, code, message),
          ...change(host),
        };
        const session = real.session(changed);
        return Object.assign(session, part(session, changed));
      },
    };
  };
}

describe('the rules bite: they find a session that', () => {
  const inbound: Inbound = { kind: 'event', name: 'early', payload: 1 };
  /** Does something of its own at each frame, then what the real one does. */
  const atEachFrame = (extra: (host: SessionHost, frame: string) => void) =>
    sabotaged(
      () => ({}),
      (session, host) => {
        const frame = session.frame.bind(session);
        return {
          frame(data) {
            extra(host, typeof data === 'string' ? data : new TextDecoder().decode(data));
            frame(data);
          },
        };
      },
    );
  const saboteurs: [what: string, protocol: (variant: number) => Protocol, breach: RegExp][] = [
    [
      'takes the answer to another id for its hello',
      atEachFrame((host, frame) => {
        if (frame.includes('"somebody-else"') && frame.includes('hello-ok')) {
          host.post({ type: 'socket.accepted', silenceMs: 0 });
        }
      }),
      /posted socket.accepted out of place/,
    ],
    [
      'is challenged twice',
      atEachFrame((host, frame) => {
        if (frame.includes('"n-1"')) host.post({ type: 'socket.challenged' });
      }),
      /posted (two facts|socket.challenged out of place)/,
    ],
    [
      'delivers before it is accepted',
      atEachFrame((host, frame) => {
        if (frame.includes('"agent"')) host.deliver(inbound);
      }),
      /delivered before it was accepted/,
    ],
    [
      'answers twice',
      sabotaged((host) => ({
        send(frame) {
          host.send(frame);
          host.send(frame);
        },
      })),
      /sent two/,
    ],
    [
      'puts its token into a diagnostic',
      sabotaged((host) => ({
        diagnose: (level, code, message) =>
          host.diagnose(level, code, `${message} planted-shared-token-7f3a`),
      })),
      /a secret of ours in a diagnostic/,
    ],
    [
      'repeats what the peer says, however long',
      sabotaged((host) => ({
        post: (fact) => host.post(fact, 'words '.repeat(100)),
      })),
      /a reason is 600 characters long/,
    ],
    [
      'takes a farewell before the hello',
      atEachFrame((host, frame) => {
        if (frame.includes('shutdown')) host.post({ type: 'socket.leaving', expected: true });
      }),
      /posted (two facts|socket.leaving out of place)/,
    ],
    [
      'throws at bytes that are no text',
      atEachFrame((_, frame) => {
        if (frame.includes('\ufffd')) throw new TypeError('not text');
      }),
      /frame threw TypeError: not text/,
    ],
    [
      'posts by itself at its end',
      sabotaged(
        () => ({}),
        (session, host) => {
          const ended = session.ended.bind(session);
          return {
            ended(end) {
              const ending = ended(end);
              host.post({ type: 'socket.closed', cause: 'lost', floorMs: 0 });
              return ending;
            },
          };
        },
      ),
      /posted socket.closed out of place/,
    ],
  ];
  it.each(saboteurs)('%s', { timeout: 60_000 }, async (_, protocol, breach) => {
    const result = await fc.check(holds('openclaw', protocol), {
      // which of its breaches is met first is luck; the frames of this seed meet the named one
      seed: 20,
      numRuns: 1_000,
      endOnFailure: true,
    });
    expect(result.failed).toBe(true);
    expect(String(result.errorInstance)).toMatch(breach);
    expect(fc.defaultReportMessage(result)).toMatch(/seed: -?\d+, path: "[\d:]+"/);
  });
});
