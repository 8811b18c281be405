/**
 * What every leaf may reach: the settings, the ports, the facts and the stores of one system.
 * Promises that a function of the host is called with what it needs to know, that its answer is
 * ignored once nobody waits for it, and that its error names it. It decides nothing.
 */
import { HoldfastError } from '../errors.ts';
import type { Census, Clock, Defer, ProcessDriver, ProcessHandle, Transport } from '../ports.ts';
import { redactor } from '../redact.ts';
import type { Custody } from './custody.ts';
import type { Facts } from './facts.ts';
import type { LeafHost } from './leaf.ts';
import type { AttemptRequest, Found } from './options.ts';
import type { OutputRing } from './output.ts';
import type { RequestStore } from './requests.ts';
import type { Settings } from './settings.ts';
import type { Wire } from './wire.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface Host extends LeafHost {
  settings: Settings;
  clock: Clock;
  defer: Defer;
  uuid(): string;
  transport: Transport;
  driver: ProcessDriver;
  /** of that driver, if it has one */
  census: Census | undefined;
  /** null when nothing is written down */
  custody: Custody | null;
  facts: Facts;
  output: OutputRing;
  requests: RequestStore;
  /** the socket that exists now, open or not */
  wire: Wire | null;
  /** how to kill every process that is held now, before the call returns: for `killNow` */
  processes: Set<() => void>;
  /** the process that is held now, to be told something; the os leaf alone ends it */
  handle: Pick<ProcessHandle, 'signal' | 'write'> | null;
  /** why the present start or attempt happens, for a person */
  because(): string;
  connected(wire: Wire): void;
  disconnected(wire: Wire): void;
  inbound(inbound: import('../ports.ts').Inbound): void;
  saving(work: Promise<unknown>): void;
  exited(): void;
  diagnose(level: Level, code: string, message: string): void;
}

/** What the start of the process has shown so far. */
export function found({ facts, settings }: Host): Found {
  return {
    pid: facts.process?.pid ?? facts.attached?.pid,
    port: facts.process?.port ?? facts.attached?.port ?? settings.process?.port,
    groups: facts.process?.groups ?? {},
  };
}

export function attemptRequest(host: Host, attempt: number, signal: AbortSignal): AttemptRequest {
  return {
    ...found(host),
    attempt,
    because: host.because(),
    endpoint: host.facts.endpoint ?? undefined,
    ownership: host.facts.process?.ownership ?? 'attached',
    signal,
  };
}

/** Which function of the host is being asked, while it has not answered. */
export interface Asking {
  option: string | null;
}

/** Runs a function of the host; what it throws comes back as an error that names the option. */
export async function calling<T>(
  option: string,
  run: () => T | Promise<T>,
  asking: Asking = { option: null },
): Promise<T> {
  const outer = asking.option;
  asking.option = option;
  try {
    return await run();
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    throw new HoldfastError('HF_USER_FUNCTION', `${option} failed: ${messageOf(cause)}`, {
      details: { option },
      cause,
    });
  } finally {
    asking.option = outer;
  }
}

/** What to do with an abort listener that failed, which `option` had added to its signal. */
export const signalled = (host: Pick<Host, 'diagnose'>, option: string) => (error: unknown) => {
  const message = `an abort listener of ${option} failed: ${messageOf(error)}`;
  host.diagnose('error', 'HF_USER_FUNCTION', message);
};

const redact = redactor();

/** The message of anything that was thrown, without secrets, bounded and on one line. */
export function messageOf(cause: unknown): string {
  try {
    const text = String(cause instanceof Error ? cause.message : cause);
    return redact(text.replaceAll(/[\s\p{Cc}]+/gu, ' ')).slice(0, 200);
  } catch {
    return 'something was thrown that has no text';
  }
}
