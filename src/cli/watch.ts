/**
 * `--inspect` of a command: a recording of what it runs, and a page that shows it. It promises that
 * the server ends with the command, and costs nothing where nobody asked for it.
 */
import type { Recorder } from '../inspector/recorder.ts';
import type { Log } from './log.ts';

export interface Watch {
  /** for the option `inspect` of a gateway */
  inspect: Recorder;
  /** says where it is seen */
  announce(log: Log): void;
}

export async function watched<T>(
  isWanted: boolean | undefined,
  use: (watch: Watch | undefined) => Promise<T>,
): Promise<T> {
  if (!isWanted) return use(undefined);
  const { inspect, recorder } = await import('../inspector/index.ts');
  const recording = recorder();
  const served = await inspect(recording);
  const { url } = served;
  const announce = (log: Log) => {
    log.say('watch', `${url} shows every actor, live`);
    log.record('inspector', { url });
  };
  try {
    return await use({ inspect: recording, announce });
  } finally {
    await served.close();
  }
}
