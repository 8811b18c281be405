/**
 * The leaves of a link: where to connect, with what, the socket itself, and its pulse. Each
 * promises a fact or silence (the machine has a deadline for silence), and to let go of what it
 * holds when it is released. They must never act on an answer that comes after that.
 */
import type {
  CredentialsInput,
  CredentialsReport,
  EndCause,
  LookupInput,
  LookupReport,
  PulseCommand,
  PulseInput,
  PulseReport,
  SocketCommand,
  SocketInput,
  SocketReport,
} from '../../machines/index.ts';
import { HoldfastError } from '../errors.ts';
import type { Protocol, Transport } from '../ports.ts';
import { isolated } from './dispatcher.ts';
import { duration } from './duration.ts';
import { fencedController, fencedSession, fencedSocket } from './fences.ts';
import { type Asking, attemptRequest, calling, type Host, messageOf, signalled } from './host.ts';
import { leaf, type Running } from './leaf.ts';
import { shown, Wire, type WireHost } from './wire.ts';

/** `authorize`, then `url`. */
export const lookupLeaf = (host: Host) =>
  leaf<LookupInput, never, LookupReport>('lookup', host, ({ attempt }, post) => {
    const abort = fencedController(signalled(host, 'link.url or link.authorize'));
    const asking: Asking = { option: null };
    const authorised = () => {
      if (!abort.signal.aborted) post({ type: 'lookup.authorised' });
    };
    find(host, attempt, abort.signal, asking, authorised).then(
      (url) => {
        if (abort.signal.aborted) return;
        host.facts.endpoint = url;
        host.facts.moments.dialed = host.clock.now();
        post({ type: 'lookup.found' });
      },
      (error) => {
        if (abort.signal.aborted) return;
        const cause: EndCause = codeOf(error) === 'HF_UNAUTHORISED' ? 'unauthorised' : 'lost';
        failed(host, cause, error);
        post({ type: 'lookup.failed', cause });
      },
    );
    return {
      release() {
        abort.abort();
        if (asking.option === null) return;
        const because = `${asking.option} had not answered`;
        const cause = asking.option === 'link.authorize' ? 'unauthorised' : 'timeout';
        host.facts.noteEnd(cause, because, 0, host.clock.wallNow());
      },
    };
  });

async function find(
  host: Host,
  attempt: number,
  signal: AbortSignal,
  asking: Asking,
  authorised: () => void,
): Promise<string> {
  const link = host.settings.linkOptions;
  if (link === null) throw new HoldfastError('HF_INTERNAL', 'a link was asked for, none is set');
  const request = attemptRequest(host, attempt, signal);
  const { authorize, url } = link;
  if (authorize !== undefined) await authorising(() => authorize(request), asking);
  authorised();
  const target =
    typeof url === 'function'
      ? await calling('link.url', async () => String(await url(request)), asking)
      : url;
  if (!URL.canParse(target) || !/^(wss?|https?):$/.test(new URL(target).protocol)) {
    throw new HoldfastError(
      'HF_OPTION_INVALID',
      `link.url must be a ws, wss, http or https URL; got ${shown(target)}`,
      { details: { option: 'link.url' } },
    );
  }
  return target;
}

async function authorising(ask: () => boolean | Promise<boolean>, asking: Asking): Promise<void> {
  const answer = await calling('link.authorize', ask, asking).catch((cause) => {
    throw new HoldfastError('HF_UNAUTHORISED', messageOf(cause), { cause });
  });
  if (answer !== true) {
    throw new HoldfastError('HF_UNAUTHORISED', 'link.authorize did not answer true: no socket');
  }
}

/** The session asks for what it needs, through the host's `credentials`. */
export const credentialsLeaf = (host: Host) =>
  leaf<CredentialsInput, never, CredentialsReport>('credentials', host, ({ attempt }, post) => {
    const abort = fencedController(signalled(host, 'link.credentials'));
    const asking: Asking = { option: null };
    const ask = async () => {
      const credentials = host.settings.linkOptions?.credentials;
      if (credentials === undefined) return undefined;
      const request = attemptRequest(host, attempt, abort.signal);
      return calling('link.credentials', () => credentials(request), asking);
    };
    const { wire } = host;
    calling('link.protocol', async () => wire?.session.credentials(ask), asking).then(
      () => {
        if (!abort.signal.aborted) post({ type: 'credentials.ready' });
      },
      (error) => {
        if (abort.signal.aborted) return;
        const cause = causes[codeOf(error)] ?? 'lost';
        failed(host, cause, error);
        wire?.blame(messageOf(error));
        post({ type: 'credentials.failed', cause });
      },
    );
    return {
      release() {
        abort.abort();
        if (asking.option !== null) wire?.blame(`${asking.option} had not answered`);
      },
    };
  });

const causes: Partial<Record<string, EndCause>> = {
  HF_IDENTITY_CORRUPT: 'identity',
  HF_CREDENTIALS: 'credentials',
  HF_UNAUTHORISED: 'unauthorised',
};

type Post = (report: SocketReport) => void;

/** Dials, unless the peer is still owed some of the patience that it asked for. */
export const socketLeaf = (host: Host) =>
  leaf<SocketInput, SocketCommand, SocketReport>('socket', host, ({ attempt }, post) =>
    isOwedPatience(host, post) ? { release() {} } : dialling(host, attempt, post),
  );

/** Whatever led here, a stop and a start or other credentials: it is still the same peer. */
function isOwedPatience({ facts, clock }: Host, post: Post): boolean {
  const endpoint = shown(facts.endpoint ?? '');
  const floorMs = facts.floorLeftMs(endpoint, clock.now());
  if (floorMs === 0) return false;
  const because = `${endpoint} asked for patience, ${duration(floorMs)} of it are left`;
  facts.noteEnd('wait', because, 0, clock.wallNow(), floorMs);
  post({ type: 'socket.closed', cause: 'wait', floorMs });
  return true;
}

function dialling(host: Host, attempt: number, post: Post): Running<SocketCommand> {
  /** A protocol or a transport of the host's own failed: the connection ends over it. */
  const broke = (option: string) => (error: unknown) => {
    const told = `${option} failed: ${messageOf(error)}`;
    failed(host, 'lost', new HoldfastError('HF_USER_FUNCTION', told, { cause: error }));
    post({ type: 'socket.closed', cause: 'lost', floorMs: 0 });
  };
  try {
    const wire = wired(host, attempt, remembering(host, post), broke);
    host.wire = wire;
    return {
      command: (command) => isolated(() => wire.command(command), broke('link.protocol')),
      release() {
        if (host.wire === wire) host.wire = null;
        wire.release();
      },
    };
  } catch (error) {
    broke('link.protocol or link.transport')(error);
    return { release() {} };
  }
}

/** Keeps the floor that the peer has set, and the host's own silence window. */
function remembering({ facts, clock, settings }: Host, post: Post): Post {
  const endpoint = shown(facts.endpoint ?? '');
  const ownSilence = settings.linkOptions?.heartbeat?.silenceMs !== undefined;
  let refused = false;
  return (fact) => {
    // the close that follows a refusal says less than the refusal itself
    if ('floorMs' in fact && !refused) facts.noteFloor(endpoint, fact.floorMs, clock.now());
    refused ||= fact.type === 'socket.refused';
    post(fact.type === 'socket.accepted' && ownSilence ? { ...fact, silenceMs: 0 } : fact);
  };
}

function wired(
  host: Host,
  attempt: number,
  post: Post,
  broke: (option: string) => (error: unknown) => void,
): Wire {
  const { clock, defer, facts, settings } = host;
  const link = settings.linkOptions;
  if (link === null || facts.endpoint === null) throw new Error('no target to dial');
  const { protocol, queueBytes, transport: own } = link;
  const target = {
    url: facts.endpoint,
    ...link.ws,
    ...link.tls,
    maxPayloadBytes: link.messageBytes,
  };
  const transport: Transport =
    own === undefined
      ? host.transport
      : (...dial) => fencedSocket(own(...dial), broke('link.transport'));
  const session: Protocol['session'] = (of) =>
    fencedSession(protocol.session(of), broke('link.protocol'));
  const fenced = { name: protocol.name, heartbeat: protocol.heartbeat, session };
  const wireHost: WireHost = {
    clock,
    defer,
    attempt,
    queueBytes,
    uuid: () => host.uuid(),
    opened: (open) => host.connected(open),
    inbound: (inbound) => host.inbound(inbound),
    saving: (work) => host.saving(work),
    ended: (gone, { cause, because, code, floorMs }) => {
      facts.noteEnd(cause, because, code, clock.wallNow(), floorMs);
      host.disconnected(gone);
    },
    diagnose: (level, code, message) => host.diagnose(level, code, message),
  };
  return new Wire(target, fenced, transport, wireHost, post);
}

export const pulseLeaf = (host: Host) =>
  leaf<PulseInput, PulseCommand, PulseReport>('pulse', host, ({ silenceMs }, post) => {
    const { wire } = host;
    const openedAt = host.clock.now();
    let askedAt = 0;
    let unanswered = false;
    const alive = () => {
      unanswered = false;
      if (host.facts.connection !== null) {
        host.facts.connection.rttMs = Math.round(host.clock.now() - askedAt);
      }
      post({ type: 'pulse.alive', idleMs: 0 });
    };
    const told = (error: unknown) => {
      const because = `link.protocol failed: ${messageOf(error)}`;
      host.diagnose('error', 'HF_USER_FUNCTION', because);
    };
    return {
      command({ type }) {
        const idleMs = wire?.idleMs ?? Number.POSITIVE_INFINITY;
        if (type === 'pulse.ping') {
          askedAt = host.clock.now();
          unanswered = true;
          isolated(() => wire?.ping(alive), told);
        } else if (idleMs < silenceMs) post({ type: 'pulse.alive', idleMs });
        else post({ type: 'pulse.silent', heard: idleMs < host.clock.now() - openedAt });
      },
      // whoever gives the connection up for another reason releases the socket first
      release() {
        if (unanswered) wire?.silent();
      },
    };
  });

function codeOf(error: unknown): string {
  return error instanceof HoldfastError ? error.code : '';
}

function failed(host: Host, cause: EndCause, error: unknown) {
  const because = messageOf(error);
  host.facts.noteEnd(cause, because, 0, host.clock.wallNow());
  host.diagnose('warn', codeOf(error) || 'HF_USER_FUNCTION', because);
}
