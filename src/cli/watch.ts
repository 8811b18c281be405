/**
 * `--inspect` of a command: a recording of what it runs, and a page that shows it. It promises that
 * the server ends with the command, and costs nothing where nobody asked for it.
 */
import type { Recorder } from '../inspector/recorder.ts';
import { UsageError } from './arguments.ts';
import type { Log } from './log.ts';

/** What a page may ask of a command that is run with `--inspect-commands`. */
export const verbs = ['start', 'stop', 'restart', 'reload'] as const;

export type App = Readonly<Record<(typeof verbs)[number], () => unknown>>;

export interface Watch {
  /** for the option `inspect` of a gateway */
  inspect: Recorder;
  /** says where it is seen, and whom its commands reach */
  announce(log: Log, app: App): void;
}

export interface Wanted {
  isWanted: boolean | undefined;
  /** what it runs is ours, and has no secrets */
  texts?: boolean;
  /** the page may ask for `verbs` */
  takesCommands?: boolean | undefined;
}

export async function watched<T>(
  { isWanted, texts = false, takesCommands = false }: Wanted,
  use: (watch: Watch | undefined) => Promise<T>,
): Promise<T> {
  if (!isWanted && !takesCommands) return use(undefined);
  const { inspect, recorder } = await import('../inspector/index.ts');
  const recording = recorder({ texts });
  let asked: App | undefined;
  const own = Object.fromEntries(verbs.map((verb) => [verb, () => asked?.[verb]()]));
  if (process.env.NODE_ENV === 'production') {
    const rule = 'must not be given where NODE_ENV is "production": it shows what happens';
    throw new UsageError(`--inspect ${rule}`);
  }
  const served = await inspect(recording, takesCommands ? { commands: { verbs: own } } : {});
  const { url } = served;
  const announce = (log: Log, app: App) => {
    asked = app;
    const also = takesCommands ? `, and takes ${verbs.join(', ')}` : '';
    log.say('watch', `${url} shows every actor, live${also}`);
    log.record('inspector', { url });
  };
  try {
    return await use({ inspect: recording, announce });
  } finally {
    await served.close();
  }
}
