/**
 * Fences around what the host brings with methods of its own: a transport's socket, a protocol's
 * session, a driver's process, a clock. Promises that what they throw, or reject with when they
 * were made asynchronous, is told once and in place, and gets no further than whoever can live
 * without an answer. It must never change an answer, nor hide that there is none.
 */
import { HoldfastError } from '../errors.ts';
import type { Clock, ProcessHandle, Session, TransportHandle } from '../ports.ts';
import { isolated } from './dispatcher.ts';
import { messageOf } from './host.ts';

type Failed = (error: unknown) => void;

export function fencedSocket(handle: TransportHandle, failed: Failed): TransportHandle {
  isolated(() => handle, failed);
  if (typeof handle?.reset !== 'function') throw new Error('it returned no socket');
  return {
    send: (data, done) =>
      isolated(
        () => handle.send(data, done),
        (error) => {
          failed(error);
          done?.(new Error(messageOf(error)));
        },
      ),
    ping: () => isolated(() => handle.ping(), failed),
    close: (code, reason) => isolated(() => handle.close(code, reason), failed),
    reset: () => isolated(() => handle.reset(), failed),
    get bufferedBytes() {
      let bytes = 0;
      isolated(() => {
        bytes = handle.bufferedBytes;
      }, failed);
      return bytes;
    },
  };
}

/** Throws what it throws: the wire ends with it. A promise that rejects is told to `failed`. */
export function fencedSession(session: Session, failed: Failed): Session {
  isolated(() => session, failed);
  const { request } = session;
  const awaited = <T>(answer: T): T => {
    isolated(() => answer, failed);
    return answer;
  };
  return {
    opened: () => awaited(session.opened()),
    credentials: (ask) => session.credentials(ask),
    hello: () => awaited(session.hello()),
    frame: (data) => awaited(session.frame(data)),
    ended: (end) => awaited(session.ended(end)),
    closing: (why) => awaited(session.closing(why)),
    probe: () => awaited(session.probe()),
    get server() {
      return session.server;
    },
    ...(request === undefined
      ? {}
      : { request: (id, method, params) => awaited(request.call(session, id, method, params)) }),
  };
}

export function fencedProcess(handle: ProcessHandle, failed: Failed): ProcessHandle {
  isolated(() => handle, failed);
  if (typeof handle?.release !== 'function') throw new Error('it returned no process');
  return {
    terminate: () => isolated(() => handle.terminate(), failed),
    kill: () => isolated(() => handle.kill(), failed),
    // whoever asks for it is told when it fails
    ...(handle.signal === undefined
      ? {}
      : { signal: (name: NodeJS.Signals) => handle.signal?.(name) }),
    ...(handle.write === undefined ? {} : { write: (text: string | null) => handle.write?.(text) }),
    release: () => isolated(() => handle.release(), failed),
  };
}

/**
 * Reading it and clearing a timer never fail: `failed` is told in words, once for each of its
 * functions. A timer that cannot be armed is thrown on, for whoever needed it.
 */
export function fencedClock(clock: Clock, failed: (told: string) => void): Clock {
  const known = { now: 0, wallNow: 0 };
  const told = new Set<string>();
  const tell = (name: string) => (error: unknown) => {
    if (!told.has(name)) failed(`clock.${name} failed: ${messageOf(error)}`);
    told.add(name);
  };
  const read = (name: 'now' | 'wallNow') => () => {
    isolated(() => {
      const is = clock[name]();
      if (Number.isFinite(is)) known[name] = is;
      return is;
    }, tell(name));
    return known[name];
  };
  return {
    now: read('now'),
    wallNow: read('wallNow'),
    setTimeout(run, ms) {
      try {
        const id = clock.setTimeout(run, ms);
        isolated(() => id, tell('setTimeout'));
        return id;
      } catch (cause) {
        const details = { option: 'clock.setTimeout' };
        throw new HoldfastError('HF_USER_FUNCTION', messageOf(cause), { details, cause });
      }
    },
    clearTimeout: (id) => isolated(() => clock.clearTimeout(id), tell('clearTimeout')),
  };
}

type Listening = Parameters<AbortSignal['addEventListener']>[1];

/**
 * For a signal that a function of the host is given: Node ends the whole process over a listener
 * that throws, so each one added to it is isolated.
 */
export function fencedController(failed: Failed): AbortController {
  const controller = new AbortController();
  const { signal } = controller;
  const fenced = new WeakMap<object, Listening>();
  const of = (listener: Listening): Listening => {
    if (typeof listener !== 'function' && typeof listener !== 'object') return listener;
    const known = fenced.get(listener);
    if (known !== undefined) return known;
    const own: Listening = (event) =>
      isolated(
        () =>
          typeof listener === 'function'
            ? listener.call(signal, event)
            : listener.handleEvent(event),
        failed,
      );
    fenced.set(listener, own);
    return own;
  };
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  signal.addEventListener = (type: string, listener: Listening, options?: unknown) =>
    addEventListener.call(signal, type, of(listener), options as EventListenerOptions);
  signal.removeEventListener = (type: string, listener: Listening, options?: unknown) =>
    removeEventListener.call(signal, type, of(listener), options as EventListenerOptions);
  return controller;
}
