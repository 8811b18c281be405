/**
 * The ways in which a running process is told something: a signal, a request, a line on its stdin,
 * a command or a function of the host. Promises one sentence on what was done, or an error; what a
 * command leaves behind can be found by its mark and ended. It must never signal anyone but the
 * process itself, and never do what nobody waits for any more.
 */
import { constants } from 'node:os';
import { z } from 'zod';
import { invalid } from './defaults.ts';
import { environment } from './environment.ts';
import { type Asking, calling, found, type Host } from './host.ts';
import type { Way } from './options.ts';
import { commandName } from './sentences.ts';

/** Each way as an option has it, with what else may be said beside it. */
export function wayShapes<More extends z.core.$ZodLooseShape>(more: More) {
  return {
    signal: z.strictObject({ signal: z.string(), ...more }),
    request: z.strictObject({
      request: z.string().min(1),
      params: z.unknown().optional(),
      ...more,
    }),
    stdin: z.strictObject({ stdin: z.string().nullable(), ...more }),
    command: z.strictObject({ command: z.array(z.string().min(1)).min(1), ...more }),
    run: z.strictObject({ run: z.custom((value) => typeof value === 'function'), ...more }),
  };
}

/** Throws `HF_OPTION_INVALID`. */
export function checkSignal(option: string, way: Way): void {
  if ('signal' in way && !(way.signal in constants.signals)) {
    throw invalid(`${option}.signal`, 'must be the name of a signal', way.signal);
  }
}

/** On whose behalf, and how long an answer may take. */
export interface Errand {
  option: string;
  code: string;
  /** name of the mark that a command carries */
  mark: string;
  timeoutMs: number;
}

/** Until when it matters, what is being asked, and how to end what it began. */
export interface Course {
  signal: AbortSignal;
  asking: Asking;
  ends: (() => void)[];
}

/** In the host's way; throws when it did not work. */
export async function done(host: Host, way: Way, errand: Errand, course: Course): Promise<string> {
  const { pid } = found(host);
  if ('signal' in way) {
    if (host.driver.can?.signals === false || host.handle?.signal === undefined) {
      throw new Error('the driver has no signals');
    }
    host.handle.signal(way.signal);
    return `${way.signal} sent to pid ${pid}`;
  }
  if ('stdin' in way) {
    if (host.driver.can?.stdin === false || host.handle?.write === undefined) {
      throw new Error(`the stdin of pid ${pid} is not ours`);
    }
    host.handle.write(way.stdin);
    return way.stdin === null ? `stdin of pid ${pid} closed` : `told pid ${pid} on its stdin`;
  }
  if ('request' in way) {
    const { timeoutMs } = errand;
    await host.requests.send(way.request, way.params, { timeoutMs, signal: course.signal });
    return `${way.request} answered by pid ${pid}`;
  }
  if ('run' in way) {
    const { run } = way;
    const option = `${errand.option}.run`;
    await calling(option, () => run({ ...found(host), signal: course.signal }), course.asking);
    return `${option} done for pid ${pid}`;
  }
  return ran(host, way.command, errand, course.ends);
}

/**
 * A command with a mark of its own, by which it is ended, and with the service's mark too: whoever
 * looks for what is left of the service finds it.
 */
function ran(
  host: Host,
  command: readonly string[],
  errand: Errand,
  ends: (() => void)[],
): Promise<string> {
  const [program = '', ...args] = command;
  const { planned } = host.facts;
  const name = commandName(command);
  const { env = {}, cwd } = { ...host.settings.process, ...planned?.plan };
  const service = planned === null ? {} : { [planned.mark.name]: planned.mark.value };
  const mark = { name: errand.mark, value: host.uuid() };
  const plan = { command: program, args, env: environment({ ...env, ...service }), mark };
  return new Promise((resolve, reject) => {
    const failed = (message: string) => reject(new Error(`${name} ${message}`));
    const handle = host.driver(cwd === undefined ? plan : { ...plan, cwd }, {
      spawned() {},
      failed: ({ code }) => failed(`cannot be run: ${code}`),
      line: (_, text) => host.diagnose('debug', errand.code, `${name}: ${text}`),
      exited: ({ code, signal }) => {
        if (code === 0) resolve(`${name} exited with code 0`);
        else failed(signal === null ? `exited with code ${code}` : `was ended by ${signal}`);
      },
      empty() {},
    });
    ends.push(() => handle.release());
  });
}
