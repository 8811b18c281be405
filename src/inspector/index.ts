/**
 * `holdfast/inspect`: what happened in an actor system, kept while it runs and read afterwards. It
 * promises that nothing is kept that was not let through by name. It must never be loaded by an
 * app that does not ask for it.
 */
import { assets } from './assets.ts';
import type { Recorder } from './recorder.ts';
import { type Served, type ServeOptions, serve } from './server.ts';

export type { Commands } from './commands.ts';
export { forward, type StatelyAdapter, type StatelyMessage } from './forward.ts';
export { type Recorder, type RecorderOptions, recorder } from './recorder.ts';
export {
  type ActorState,
  type Entry,
  type Happening,
  type Header,
  NotARecording,
  type Recording,
  readRecording,
  type Value,
  type Verdict,
} from './recording.ts';
export { type Difference, type Replayed, replay } from './replay.ts';
export type { Served, ServeOptions } from './server.ts';
export type { Allow, Shown } from './shown.ts';

/**
 * Shows a recording in a browser while it grows, to whoever has the URL that this resolves to: on
 * 127.0.0.1 alone, with a token of this run in the URL's fragment. It keeps no process alive.
 *
 *     const recording = recorder();
 *     const service = createGateway({ ...options, inspect: recording });
 *     console.log((await inspect(recording)).url);
 *
 * Rejects with `HF_OPTION_INVALID` where `NODE_ENV` is `production` and `force` is not set, and
 * with what the system says (`EADDRINUSE`) when the port cannot be had.
 */
export async function inspect(recording: Recorder, options: ServeOptions = {}): Promise<Served> {
  return serve(recording, assets(), options);
}
