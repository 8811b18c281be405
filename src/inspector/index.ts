/**
 * `holdfast/inspect`: what happened in an actor system, kept while it runs and read afterwards. It
 * promises that nothing is kept that was not let through by name. It must never be loaded by an
 * app that does not ask for it.
 */
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
export type { Allow, Shown } from './shown.ts';
