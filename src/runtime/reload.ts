/**
 * How a process is made to read its configuration anew: by a signal, a request, a command or a
 * function of the host, as the host says at the moment when it happens. Promises one word on what
 * was done or why not, kept for whoever asked. It must never restart anything, and never send a
 * signal that was not named.
 */
import { constants } from 'node:os';
import { z } from 'zod';
import type { ReloadInput, ReloadReport } from '../../machines/index.ts';
import { invalid } from './defaults.ts';
import { environment } from './environment.ts';
import { fencedController } from './fences.ts';
import { type Asking, calling, found, type Host, messageOf, signalled } from './host.ts';
import { leaf } from './leaf.ts';
import type { Reload } from './options.ts';
import { commandName } from './sentences.ts';

const way = z.union([
  z.enum(['off', 'restart']),
  z.strictObject({ signal: z.string(), orElse: z.enum(['restart', 'keep']).optional() }),
  z.strictObject({
    request: z.string().min(1),
    params: z.unknown().optional(),
    orElse: z.enum(['restart', 'keep']).optional(),
  }),
  z.strictObject({
    command: z.array(z.string().min(1)).min(1),
    orElse: z.enum(['restart', 'keep']).optional(),
  }),
  z.strictObject({
    run: z.custom((value) => typeof value === 'function'),
    orElse: z.enum(['restart', 'keep']).optional(),
  }),
]);

const rule =
  "must be 'off', 'restart', { signal }, { request }, { command } or { run }, and orElse " +
  "'restart' or 'keep'";

/** Throws `HF_OPTION_INVALID`. */
export function checkReload(option: string, given: unknown): Reload {
  if (!way.safeParse(given).success) throw invalid(option, rule, given);
  const reload = given as Reload;
  if (typeof reload === 'object' && 'signal' in reload && !(reload.signal in constants.signals)) {
    throw invalid(`${option}.signal`, 'must be the name of a signal', reload.signal);
  }
  return reload;
}

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
    const told = await done(host, given, signal, asking, ends);
    return { report: { type: 'reload.done' }, told };
  } catch (error) {
    const type = orElse === 'keep' ? 'reload.kept' : 'reload.failed';
    return { report: { type }, told: messageOf(error) };
  }
}

/** In the host's way; throws when it did not work. */
async function done(
  host: Host,
  given: Exclude<Reload, string>,
  signal: AbortSignal,
  asking: Asking,
  ends: (() => void)[],
): Promise<string> {
  const pid = host.facts.process?.pid;
  if ('signal' in given) {
    if (host.driver.can?.signals === false || host.signalProcess === null) {
      throw new Error('the driver has no signals');
    }
    host.signalProcess(given.signal);
    return `${given.signal} sent to pid ${pid}`;
  }
  if ('request' in given) {
    const timeoutMs = host.settings.service?.reloadMs ?? 0;
    await host.requests.send(given.request, given.params, { timeoutMs, signal });
    return `${given.request} answered by pid ${pid}`;
  }
  if ('run' in given) {
    const { run } = given;
    await calling('process.reload.run', () => run({ ...found(host), signal }), asking);
    return `process.reload.run done for pid ${pid}`;
  }
  return ran(host, given.command, ends);
}

/**
 * A command with a mark of its own, by which it is ended, and with the service's mark too: whoever
 * looks for what is left of the service finds it.
 */
function ran(host: Host, command: readonly string[], ends: (() => void)[]): Promise<string> {
  const [program = '', ...args] = command;
  const { planned } = host.facts;
  const name = commandName(command);
  const { env = {}, cwd } = { ...host.settings.process, ...planned?.plan };
  const service = planned === null ? {} : { [planned.mark.name]: planned.mark.value };
  const mark = { name: 'HOLDFAST_RELOAD', value: host.uuid() };
  const plan = { command: program, args, env: environment({ ...env, ...service }), mark };
  return new Promise((resolve, reject) => {
    const failed = (message: string) => reject(new Error(`${name} ${message}`));
    const handle = host.driver(cwd === undefined ? plan : { ...plan, cwd }, {
      spawned() {},
      failed: ({ code }) => failed(`cannot be run: ${code}`),
      line: (_, text) => host.diagnose('debug', 'HF_RELOAD', `${name}: ${text}`),
      exited: ({ code, signal }) => {
        if (code === 0) resolve(`${name} exited with code 0`);
        else failed(signal === null ? `exited with code ${code}` : `was ended by ${signal}`);
      },
      empty() {},
    });
    ends.push(() => handle.release());
  });
}
