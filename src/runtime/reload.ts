/**
 * How a process is made to read its configuration anew: by a signal, a request, a command or a
 * function of the host, as the host says at the moment when it happens. Promises one word on what
 * was done or why not, kept for whoever asked. It must never restart anything, and never send a
 * signal that was not named.
 */
import { z } from 'zod';
import type { ReloadInput, ReloadReport } from '../../machines/index.ts';
import { invalid } from './defaults.ts';
import { fencedController } from './fences.ts';
import { type Asking, calling, found, type Host, messageOf, signalled } from './host.ts';
import { leaf } from './leaf.ts';
import type { Reload } from './options.ts';
import { checkSignal, done, type Errand, wayShapes } from './ways.ts';

const orElse = { orElse: z.enum(['restart', 'keep']).optional() };
const { signal, request, command, run } = wayShapes(orElse);
const way = z.union([z.enum(['off', 'restart']), signal, request, command, run]);

const rule =
  "must be 'off', 'restart', { signal }, { request }, { command } or { run }, and orElse " +
  "'restart' or 'keep'";

/** Throws `HF_OPTION_INVALID`. */
export function checkReload(option: string, given: unknown): Reload {
  if (!way.safeParse(given).success) throw invalid(option, rule, given);
  const reload = given as Reload;
  if (typeof reload === 'object') checkSignal(option, reload);
  return reload;
}

const reloading = (host: Host): Errand => ({
  option: 'process.reload',
  code: 'HF_RELOAD',
  mark: 'HOLDFAST_RELOAD',
  timeoutMs: host.settings.service?.reloadMs ?? 0,
});

/** What was tried, for a person; the answer is the machine's to weigh. */
interface Tried {
  report: ReloadReport;
  told: string;
}

export const reloadLeaf = (host: Host) =>
  leaf<ReloadInput, never, ReloadReport>('reload', host, (_input, post) => {
    const abort = fencedController(signalled(host, 'process.reload'));
    const asking: Asking = { option: null };
    const ends: (() => void)[] = [];
    let over = false;
    tried(host, abort.signal, asking, ends).then(({ report, told }) => {
      if (abort.signal.aborted) return;
      over = true;
      const kept = report.type === 'reload.kept' ? told : null;
      host.facts.reload = { told, kept };
      if (report.type === 'reload.failed') host.diagnose('warn', 'HF_RELOAD', told);
      post(report);
    });
    return {
      release() {
        abort.abort();
        for (const end of ends) end();
        if (over) return;
        const who = asking.option ?? 'the process';
        const within = `${host.settings.service?.reloadMs} ms`;
        host.facts.reload = { told: `${who} had not answered within ${within}`, kept: null };
      },
    };
  });

async function tried(
  host: Host,
  signal: AbortSignal,
  asking: Asking,
  ends: (() => void)[],
): Promise<Tried> {
  let orElse: 'restart' | 'keep' = 'restart';
  try {
    const { reload = 'restart' } = host.settings.process ?? {};
    const given =
      typeof reload === 'function'
        ? checkReload(
            'process.reload()',
            await calling('process.reload', () => reload(found(host)), asking),
          )
        : reload;
    if (given === 'off') return { report: { type: 'reload.kept' }, told: 'process.reload is off' };
    if (given === 'restart') {
      return { report: { type: 'reload.failed' }, told: 'process.reload says restart' };
    }
    orElse = given.orElse ?? 'restart';
    const told = await done(host, given, reloading(host), { signal, asking, ends });
    return { report: { type: 'reload.done' }, told };
  } catch (error) {
    const type = orElse === 'keep' ? 'reload.kept' : 'reload.failed';
    return { report: { type }, told: messageOf(error) };
  }
}
