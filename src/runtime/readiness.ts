/**
 * The proof that a process serves: a line it wrote, an HTTP answer, its own protocol, or a check
 * of the host. Promises one answer per question, or none when it is aborted. A port that merely
 * accepts is no proof, and neither is time that has passed.
 */
import type { TransportHandle } from '../ports.ts';
import { type Asking, attemptRequest, calling, type Host, messageOf } from './host.ts';
import type { Found, Ready } from './options.ts';

export interface Proof {
  proved: boolean;
  groups?: Record<string, string>;
  because?: string;
}

type Answer = (proof: Proof) => void;

/** `asking` says which function of the host has not answered yet. */
export function prove(
  host: Host,
  found: Found,
  signal: AbortSignal,
  asking: Asking,
  answer: Answer,
) {
  const ready = host.settings.process?.ready;
  if (ready === undefined) answer({ proved: true });
  else if ('line' in ready) byLine(host, ready.line, signal, answer);
  else
    once(host, ready, found, signal, asking).then(answer, (error) =>
      answer({ proved: false, because: messageOf(error) }),
    );
}

function byLine(host: Host, pattern: RegExp, signal: AbortSignal, answer: Answer) {
  const { process } = host.facts;
  // its lines went to an earlier host, which saw this one
  if (process?.ownership === 'adopted') {
    return answer({ proved: true, groups: { ...process.groups } });
  }
  // a fresh expression without the sticky and global flags keeps no position between lines
  const line = new RegExp(pattern.source, pattern.flags.replaceAll(/[gy]/g, ''));
  const matches = (text: string): boolean => {
    const match = line.exec(text);
    if (match === null) return false;
    answer({ proved: true, groups: { ...match.groups } });
    return true;
  };
  if (host.output.lines.some(({ text }) => matches(text))) return;
  const stop = host.output.follow(({ text }) => {
    if (matches(text)) stop();
  });
  signal.addEventListener('abort', stop, { once: true });
}

async function once(
  host: Host,
  ready: Exclude<Ready, { line: RegExp }>,
  found: Found,
  signal: AbortSignal,
  asking: Asking,
): Promise<Proof> {
  if ('probe' in ready) {
    const probe = () => ready.probe({ ...found, signal });
    const proved = await calling('process.ready.probe', probe, asking);
    return { proved: proved === true };
  }
  if ('http' in ready) {
    const { http } = ready;
    const given =
      typeof http === 'function'
        ? await calling('process.ready.http', () => http(found), asking)
        : http;
    const url = String(given).replaceAll('PORT', String(found.port ?? ''));
    const { ok, status, body } = await fetch(url, { signal, redirect: 'manual' });
    await body?.cancel();
    return ok ? { proved: true } : { proved: false, because: `HTTP status ${status}` };
  }
  return byProtocol(host, signal, asking);
}

/** Ready when the peer shows its challenge, or accepts; the socket is reset, not closed. */
async function byProtocol(host: Host, signal: AbortSignal, asking: Asking): Promise<Proof> {
  const link = host.settings.linkOptions;
  if (link === null) return { proved: false, because: 'process.ready.protocol needs a link' };
  const { url } = link;
  const target = String(
    typeof url === 'function'
      ? await calling('link.url', () => url(attemptRequest(host, 1, signal)), asking)
      : url,
  );
  return new Promise((resolve) => {
    let handle: TransportHandle | undefined;
    const settle = (proof: Proof) => {
      handle?.reset();
      resolve(proof);
    };
    const ask = (run: () => void) => {
      try {
        run();
      } catch (error) {
        settle({ proved: false, because: `link.protocol failed: ${messageOf(error)}` });
      }
    };
    const session = link.protocol.session({
      attempt: 1,
      endpoint: target,
      clock: host.clock,
      uuid: () => host.uuid(),
      send() {},
      post: ({ type }) => {
        if (type === 'socket.challenged' || type === 'socket.accepted') settle({ proved: true });
      },
      deliver() {},
      saving() {},
      diagnose() {},
    });
    handle = (link.transport ?? host.transport)(
      { url: target, ...link.ws, ...link.tls, maxPayloadBytes: link.messageBytes },
      {
        opened: () => ask(() => session.opened()),
        frame: (data) => ask(() => session.frame(data)),
        sign() {},
        closed: (end) => ask(() => settle({ proved: false, because: session.ended(end).because })),
      },
    );
    signal.addEventListener('abort', () => settle({ proved: false }), { once: true });
  });
}
