/**
 * How a process is asked to end in its own way, before any signal. Promises that it is asked once,
 * in the way that the host chose and no other, and that a process of somebody else is asked only
 * where the host says so, and never again once it said that it does not know how. It must never
 * take an answer for an end.
 */
import { z } from 'zod';
import type { DrainInput, DrainReport } from '../../machines/index.ts';
import { invalid } from './defaults.ts';
import { fencedController } from './fences.ts';
import { type Asking, type Host, messageOf, signalled } from './host.ts';
import { leaf } from './leaf.ts';
import type { GatewayOptions, Graceful } from './options.ts';
import { checkSignal, done, type Errand, wayShapes } from './ways.ts';

const option = 'process.stop.graceful';
const { signal, request, stdin, command, run } = wayShapes({ attached: z.boolean().optional() });
const way = z.union([signal, request, stdin, command, run]);
const rule =
  'must be { request }, { stdin }, { signal }, { command } or { run }, and attached true or false';

/** Throws `HF_OPTION_INVALID`. */
export function checkGraceful({ process, link }: GatewayOptions): void {
  const { graceful, drainMs } = process?.stop ?? {};
  if (graceful === undefined) {
    if (drainMs === undefined) return;
    throw invalid('process.stop.drainMs', 'needs process.stop.graceful', drainMs);
  }
  if (!way.safeParse(graceful).success) throw invalid(option, rule, graceful);
  if ('request' in graceful && link === undefined) {
    throw invalid(`${option}.request`, 'needs a link', graceful.request);
  }
  if ('stdin' in graceful && process?.driver?.can?.stdin === false) {
    throw invalid(`${option}.stdin`, 'cannot be chosen: the driver has no stdin', graceful.stdin);
  }
  checkSignal(option, graceful);
  if (graceful.attached === true && ('signal' in graceful || 'stdin' in graceful)) {
    throw invalid(`${option}.attached`, 'needs a request, a command or a function', true);
  }
}

export const drainLeaf = (host: Host) =>
  leaf<DrainInput, never, DrainReport>('drain', host, (_input, post) => {
    const abort = fencedController(signalled(host, option));
    const asking: Asking = { option: null };
    const ends: (() => void)[] = [];
    asked(host, { signal: abort.signal, asking, ends }).then(
      (told) => {
        if (abort.signal.aborted) return;
        host.diagnose('debug', 'HF_DRAIN', told);
        post({ type: 'drain.asked' });
      },
      (error) => {
        if (abort.signal.aborted) return;
        const { attached } = host.facts;
        if (attached !== null && isUnknown(error)) {
          host.facts.undrainable = { pid: attached.pid, port: attached.port };
        }
        host.diagnose('warn', 'HF_DRAIN', messageOf(error));
        post({ type: 'drain.failed' });
      },
    );
    return {
      release() {
        abort.abort();
        for (const end of ends) end();
      },
    };
  });

async function asked(host: Host, course: Parameters<typeof done>[3]): Promise<string> {
  const { facts, settings } = host;
  const { graceful } = settings.process?.stop ?? {};
  if (graceful === undefined) throw new Error('there is no way to ask it to end');
  const { process, attached } = facts;
  if (process?.task === 'repair') throw new Error('a repair is not asked to end');
  const knows = facts.undrainable;
  if (attached !== null && knows?.pid === attached.pid && knows?.port === attached.port) {
    throw new Error(`the process on port ${attached.port} has said that it cannot be asked to end`);
  }
  if (process !== null) process.drained = nameOf(graceful);
  const timeoutMs = settings.service?.process.stop.drainMs ?? 0;
  const errand: Errand = { option, code: 'HF_DRAIN', mark: 'HOLDFAST_DRAIN', timeoutMs };
  return done(host, graceful, errand, course);
}

/** For a person. */
function nameOf(graceful: Graceful): string {
  if ('request' in graceful) return graceful.request;
  if ('signal' in graceful) return graceful.signal;
  if ('stdin' in graceful) return graceful.stdin === null ? 'end of stdin' : 'a word on stdin';
  return 'command' in graceful ? 'a command' : 'your function';
}

/** The peer has answered that there is no such method. */
function isUnknown(error: unknown): boolean {
  const { code } = Object(Object(error).details);
  return code === -32_601 || /unknown method|method not found/i.test(messageOf(error));
}
