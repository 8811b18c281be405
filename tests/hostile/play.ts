/**
 * Plays one conversation with a hostile peer against a session, as the runtime would: each step of
 * ours is taken only when the facts allow it, and the peer may speak at every moment between two of
 * them, before the first and after the last. It promises to count the frames it has handed over.
 */

import fc from 'fast-check';
import type { Protocol, Session } from '../../src/ports.ts';
import { jsonrpc, openclaw, plain } from '../../src/protocols/index.ts';
import { createIdentity } from '../../src/protocols/openclaw/device.ts';
import { challenge, type Dialect, type Draft, fill, hostileFrame, welcome } from './frames.ts';
import { Oracle } from './oracle.ts';

/** Every moment at which a frame may come; the peer says something at each of them. */
export const moments = [
  ...(['new', 'opened', 'challenged', 'asked', 'granted', 'greeted', 'accepted'] as const),
  ...(['asking', 'closing', 'over'] as const),
];
export type Moment = (typeof moments)[number];

/** How far our side gets, and what the peer says at each moment on the way. */
export interface Conversation {
  upTo: Moment;
  says: Record<Moment, Draft[]>;
}

/** More is said where more can go wrong. */
const most: Partial<Record<Moment, number>> = { greeted: 5, accepted: 9, asking: 6, opened: 4 };

export function conversation(dialect: Dialect): fc.Arbitrary<Conversation> {
  const frame = hostileFrame(dialect);
  const some = (moment: Moment) => fc.array(frame, { maxLength: most[moment] ?? 2 });
  const says = Object.fromEntries(moments.map((moment) => [moment, some(moment)]));
  return fc.record({
    upTo: fc.constantFrom<Moment>('opened', 'asked', 'granted', 'greeted', 'over', 'over', 'over'),
    says: fc.record(says) as fc.Arbitrary<Conversation['says']>,
  });
}

// secrets that can be recognised -----------------------------------------------------------------

const made = createIdentity();
export const secrets = {
  token: 'planted-shared-token-7f3a',
  issued: 'issued-device-token',
  key: String((JSON.parse(made.text) as { privateKey: string }).privateKey),
};

/** The protocol as a user would make it: alone, with an identity, and with a token store. */
export function make(dialect: Dialect, variant = 0): Protocol {
  if (dialect === 'plain') return plain();
  if (dialect === 'jsonrpc') return jsonrpc();
  if (variant % 3 === 0) return openclaw();
  const identity = { load: async () => made.identity };
  if (variant % 3 === 1) return openclaw({ identity });
  return openclaw({
    identity,
    deviceTokens: { load: async () => null, save: async () => {}, clear: async () => {} },
  });
}

export const tally = { frames: 0, conversations: 0, accepted: 0, refused: 0, unhandled: 0 };

/** The breaches of one conversation. */
export async function play(
  dialect: Dialect,
  { upTo, says }: Conversation,
  protocol: Protocol = make(dialect, tally.conversations),
): Promise<string[]> {
  tally.conversations += 1;
  const given = dialect === 'openclaw' ? secrets.token : 'no-secret-here';
  const oracle = new Oracle(dialect, [given, secrets.key]);
  const session = protocol.session(oracle);
  const asked = 'asked-1';
  const hears = (draft: Draft) => {
    const frame = fill(draft, { hello: oracle.helloId ?? 'no-hello', asked, token: given });
    tally.frames += 1;
    oracle.during('frame', () => session.frame(frame), frame);
  };
  const speaks = (moment: Moment) => {
    for (const draft of says[moment]) hears(draft);
    return moment !== upTo && !oracle.isRefused;
  };
  const greets = async () => {
    if (!speaks('new')) return;
    oracle.during('opened', () => session.opened());
    if (!speaks('opened')) return;
    if (dialect === 'openclaw' && !(await shakes(oracle, session, hears, speaks))) return;
    if (!speaks('accepted')) return;
    oracle.during('nothing', () => {
      session.request?.(asked, session.probe()?.method ?? 'sum', {});
    });
    speaks('asking');
  };
  await greets();
  oracle.during('nothing', () => session.closing(oracle.isRefused ? 'refused' : 'closed'));
  for (const draft of says.closing) hears(draft);
  oracle.during('ended', () => {
    const words = `bad token ${oracle.issued ?? given}`;
    oracle.judgeEnd(session.ended({ code: 1008, reason: words }).because);
  });
  for (const draft of says.over) hears(draft);
  if (oracle.isAccepted) tally.accepted += 1;
  if (oracle.isRefused) tally.refused += 1;
  if (Object.hasOwn(Object.prototype, 'polluted')) oracle.breaches.push('a prototype was changed');
  return oracle.breaches;
}

/** The handshake of a protocol that has one; false when it went no further. */
async function shakes(
  oracle: Oracle,
  session: Session,
  hears: (draft: Draft) => void,
  speaks: (moment: Moment) => boolean,
): Promise<boolean> {
  if (!oracle.isChallenged) hears({ text: JSON.stringify(challenge) });
  if (!oracle.isChallenged || !speaks('challenged')) return false;
  let grant = () => {};
  const granted = new Promise<void>((resolve) => {
    grant = resolve;
  });
  const asking = session.credentials(async () => {
    await granted;
    return { token: secrets.token };
  });
  if (!speaks('asked')) return false;
  grant();
  await asking.catch((error) => oracle.breaches.push(`credentials failed: ${String(error)}`));
  if (!speaks('granted')) return false;
  oracle.during('hello', () => session.hello());
  if (!speaks('greeted')) return false;
  if (!oracle.isAccepted) hears({ text: JSON.stringify(welcome) });
  return oracle.isAccepted;
}
