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
import type { TransportTarget } from '../ports.ts';
import { duration } from './duration.ts';
import { type Asking, attemptRequest, calling, type Host, messageOf } from './host.ts';
import { leaf } from './leaf.ts';
import { shown, Wire } from './wire.ts';

/** `authorize`, then `url`. */
export const lookupLeaf = (host: Host) =>
  leaf<LookupInput, never, LookupReport>('lookup', host, ({ attempt }, post) => {
    const abort = new AbortController();
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
  const given =
    typeof url === 'function' ? await calling('link.url', () => url(request), asking) : url;
  const target = String(given);
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
    const abort = new AbortController();
    const asking: Asking = { option: null };
    const ask = async () => {
      const credentials = host.settings.linkOptions?.credentials;
      if (credentials === undefined) return undefined;
      const request = attemptRequest(host, attempt, abort.signal);
      return calling('link.credentials', () => credentials(request), asking);
    };
    const { wire } = host;
    Promise.resolve(wire?.session.credentials(ask)).then(
      () => {
        if (!abort.signal.aborted) post({ type: 'credentials.ready' });
      },
      (error) => {
        if (abort.signal.aborted) return;
        const cause = causes[codeOf(error)] ?? 'lost';
        failed(host, cause, error);
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

export const socketLeaf = (host: Host) =>
  leaf<SocketInput, SocketCommand, SocketReport>('socket', host, ({ attempt }, post) => {
    const link = host.settings.linkOptions;
    if (link === null || host.facts.endpoint === null) throw new Error('no target to dial');
    const target: TransportTarget = {
      url: host.facts.endpoint,
      ...link.ws,
      ...link.tls,
      maxPayloadBytes: link.messageBytes,
    };
    const { facts, clock } = host;
    const endpoint = shown(facts.endpoint ?? '');
    // whatever led here, a stop and a start or other credentials: it is still the same peer
    const floorMs = facts.floorLeftMs(endpoint, clock.now());
    if (floorMs > 0) {
      const because = `${endpoint} asked for patience, ${duration(floorMs)} of it are left`;
      facts.noteEnd('wait', because, 0, clock.wallNow(), floorMs);
      post({ type: 'socket.closed', cause: 'wait', floorMs });
      return { release() {} };
    }
    let refused = false;
    let wire: Wire;
    try {
      wire = new Wire(
        target,
        link.protocol,
        link.transport ?? host.transport,
        {
          clock: host.clock,
          uuid: () => host.uuid(),
          queueBytes: link.queueBytes,
          attempt,
          defer: host.defer,
          opened: (open) => host.connected(open),
          inbound: (inbound) => host.inbound(inbound),
          ended: (gone, end) => {
            const { cause, because, code, floorMs } = end;
            host.facts.noteEnd(cause, because, code, host.clock.wallNow(), floorMs);
            host.disconnected(gone);
          },
          diagnose: (level, code, message) => host.diagnose(level, code, message),
        },
        // the host's own silence window wins over the rhythm that a peer states in its hello
        (fact) => {
          // the close that follows a refusal says less than the refusal itself
          if ('floorMs' in fact && !refused) facts.noteFloor(endpoint, fact.floorMs, clock.now());
          refused ||= fact.type === 'socket.refused';
          post(
            fact.type === 'socket.accepted' && link.heartbeat?.silenceMs !== undefined
              ? { ...fact, silenceMs: 0 }
              : fact,
          );
        },
      );
    } catch (error) {
      // a protocol or a transport of the host's own
      const told = `link.protocol or link.transport failed: ${messageOf(error)}`;
      failed(host, 'lost', new HoldfastError('HF_USER_FUNCTION', told, { cause: error }));
      post({ type: 'socket.closed', cause: 'lost', floorMs: 0 });
      return { release() {} };
    }
    host.wire = wire;
    return {
      command: (command) => wire.command(command),
      release() {
        if (host.wire === wire) host.wire = null;
        wire.release();
      },
    };
  });

export const pulseLeaf = (host: Host) =>
  leaf<PulseInput, PulseCommand, PulseReport>('pulse', host, ({ silenceMs }, post) => {
    const { wire } = host;
    let askedAt = 0;
    const alive = () => {
      if (host.facts.connection !== null) {
        host.facts.connection.rttMs = Math.round(host.clock.now() - askedAt);
      }
      post({ type: 'pulse.alive', idleMs: 0 });
    };
    return {
      command({ type }) {
        const idleMs = wire?.idleMs ?? Number.POSITIVE_INFINITY;
        if (type === 'pulse.ping') {
          askedAt = host.clock.now();
          wire?.ping(alive);
        } else if (idleMs < silenceMs) post({ type: 'pulse.alive', idleMs });
        else post({ type: 'pulse.silent' });
      },
      release() {},
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
