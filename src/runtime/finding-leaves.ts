/**
 * The leaves that look who is there before anything is started: what an earlier host has left, and
 * who holds the port. Each promises a fact or silence. They must never signal anyone, and never
 * take an open port for a service without its proof.
 */
import type { CustodyInput, CustodyReport, PortInput, PortReport } from '../../machines/index.ts';
import type { Occupant } from '../ports.ts';
import { fencedController } from './fences.ts';
import { type Asking, type Host, messageOf, signalled } from './host.ts';
import { leaf } from './leaf.ts';
import { prove } from './readiness.ts';

/** Who answers `process.adopt: false` has what is left ended. */
export const custodyLeaf = (host: Host) =>
  leaf<CustodyInput, never, CustodyReport>('custody', host, (_input, post) => {
    Object.assign(host.facts, { left: null, attached: null, repair: null });
    const abort = new AbortController();
    const { custody } = host;
    if (custody === null) post({ type: 'custody.none' });
    else {
      custody.find().then(
        (left) => {
          if (abort.signal.aborted) return;
          host.facts.left = left;
          const adopted = left?.ready === true && host.settings.process?.adopt !== false;
          post({
            type: left === null ? 'custody.none' : `custody.${adopted ? 'ours' : 'leftover'}`,
          });
        },
        (error) => {
          if (abort.signal.aborted) return;
          refused(host, messageOf(error));
          post({ type: 'custody.refused' });
        },
      );
    }
    return { release: () => abort.abort() };
  });

/** Why nothing is started, for whoever asks later. */
function refused(host: Host, message: string) {
  host.facts.lastStart = { code: 'HF_OCCUPIED', message };
}

export const portLeaf = (host: Host) =>
  leaf<PortInput, never, PortReport>('port', host, (_input, post) => {
    const abort = fencedController(signalled(host, 'process.ready'));
    const { port } = host.settings.process ?? {};
    const { census } = host;
    let answered = port === undefined || census === undefined;
    if (port === undefined || census === undefined) post({ type: 'port.free' });
    else {
      census.occupant(port, abort.signal).then(
        (occupant) => {
          if (abort.signal.aborted) return;
          answered = true;
          if (occupant === null) post({ type: 'port.free' });
          else meet(host, port, occupant, abort.signal, post);
        },
        (error) => {
          if (abort.signal.aborted) return;
          answered = true;
          refused(host, `who listens on port ${port} cannot be told: ${messageOf(error)}`);
          post({ type: 'port.taken' });
        },
      );
    }
    return {
      release() {
        abort.abort();
        if (!answered) refused(host, `nobody could tell in time who listens on port ${port}`);
      },
    };
  });

/** Somebody is there: attached to when it serves, ended when you said so, else waited for. */
function meet(
  host: Host,
  port: number,
  occupant: Occupant,
  signal: AbortSignal,
  post: (report: PortReport) => void,
) {
  const { foreign = 'attach', ready } = host.settings.process ?? {};
  const who = `port ${port} is held by ${named(occupant)}`;
  refused(host, `${who}, which is not ours`);
  const identity = occupant.pid === undefined ? undefined : host.census?.identify(occupant.pid);
  if (foreign === 'end' && identity !== undefined) {
    const { pid: _, ...unknown } = { pid: 0, ready: false, startedAt: 0, port: undefined };
    host.facts.left = { claim: { identity, mark: null }, groups: {}, ...unknown };
    return post({ type: 'port.condemned' });
  }
  if (foreign !== 'attach' || ready === undefined || 'line' in ready) {
    return post({ type: 'port.taken' });
  }
  const asking: Asking = { option: null };
  prove(host, { pid: occupant.pid, port, groups: {} }, signal, asking, ({ proved, because }) => {
    if (signal.aborted) return;
    if (!proved)
      refused(host, `${who}, which does not prove to be the service: ${because ?? 'no'}`);
    else {
      host.facts.lastStart = null;
      host.facts.attached ??= { ...occupant, port, since: host.clock.wallNow() };
    }
    post({ type: proved ? 'port.serving' : 'port.taken' });
  });
}

function named({ pid, program }: Occupant): string {
  if (pid === undefined) return 'another process';
  return program === undefined || program === '' ? `pid ${pid}` : `pid ${pid} (${program})`;
}
