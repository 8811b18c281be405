/**
 * Ctrl-C, and what else asks a command to end. It promises that the first one asks for a clean
 * stop, the second one kills, the third one leaves at once; and that whatever is held is killed
 * when the command ends by any other way that Node lets us see. It must never leave a process
 * behind because somebody was impatient.
 */
import { constants } from 'node:os';

const asked: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** for a reader who is slow, when somebody has pressed twice */
const lastWordsMs = 1_000;

export interface Deeds {
  /** once */
  stop(signal: NodeJS.Signals): void;
  /** once */
  kill(signal: NodeJS.Signals): void;
  /** synchronous, the last thing that happens */
  killNow(): void;
}

/** The exit code of a shell for a death by this signal. */
export const codeOf = (signal: string): number =>
  128 + (constants.signals[signal as NodeJS.Signals] ?? 0);

/**
 * Listens until the command ends; it holds nothing open by itself. Returns what is to be called
 * when all is done: from then on only words wait for a reader, and no signal waits for words.
 */
export function onInterrupt({ stop, kill, killNow }: Deeds): () => void {
  let times = 0;
  let isDone = false;
  const heard = (signal: NodeJS.Signals) => {
    times += 1;
    if (isDone) process.exit();
    else if (times === 1) stop(signal);
    else if (times === 2) kill(signal);
    else process.exit(codeOf(signal));
  };
  for (const signal of asked) process.on(signal, heard);
  process.on('exit', killNow);
  return () => {
    isDone = true;
    if (times > 1) setTimeout(() => process.exit(), lastWordsMs).unref();
  };
}

/** How a person calls it. */
export const spoken = (signal: NodeJS.Signals): string => (signal === 'SIGINT' ? 'Ctrl-C' : signal);
