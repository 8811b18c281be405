/**
 * `holdfast inspect`: a recording in the browser, or in a file that is a page. It promises that the
 * URL is the only key, and that the server ends with the command. It must never open a browser by
 * itself.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { assets, standalone } from '../inspector/assets.ts';
import { NotARecording, readRecording } from '../inspector/recording.ts';
import { serve } from '../inspector/server.ts';
import { UsageError } from './arguments.ts';
import { codeOf, onInterrupt } from './interrupt.ts';

export interface InspectOptions {
  port?: number;
  json?: boolean;
  /** a file for a page that needs no server */
  out?: string;
}

/** Shows a saved recording until Ctrl-C. */
export async function inspect(file: string, options: InspectOptions): Promise<number> {
  const text = recordingIn(file);
  if (options.out !== undefined) return write(options.out, standalone(text));
  const served = await serve({ text: () => text, listen: () => () => {} }, assets(), options).catch(
    (error) => {
      throw new UsageError(`--port cannot be had: ${messageOf(error)}`);
    },
  );
  const asked = new Promise<NodeJS.Signals>((resolve) => {
    onInterrupt({
      stop: resolve,
      kill: (signal) => process.exit(codeOf(signal)),
      killNow: () => {},
    });
  });
  const { url } = served;
  process.stdout.write(options.json ? `${JSON.stringify({ file, url })}\n` : `${url}\n`);
  if (!options.json) process.stderr.write(`${file} is shown there until Ctrl-C\n`);
  // the server alone keeps nothing alive
  const awake = setInterval(() => {}, 2 ** 30);
  const signal = await asked;
  clearInterval(awake);
  await served.close();
  return codeOf(signal);
}

function write(file: string, page: string): number {
  try {
    writeFileSync(file, page);
    return 0;
  } catch (error) {
    throw new UsageError(`--out cannot be written: ${messageOf(error)}`);
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** The text of a file that is a recording. */
export function recordingIn(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    readRecording(text);
    return text;
  } catch (error) {
    const why = messageOf(error);
    const rule = error instanceof NotARecording ? 'must be a recording' : 'must be readable';
    throw new UsageError(`FILE ${rule}: ${file}: ${why}`);
  }
}
