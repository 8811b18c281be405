/**
 * `holdfast/inspect` where there is no Node: an app in a browser records itself, and what it has
 * recorded is read elsewhere. It must never import what only Node has.
 */
export { forward, type StatelyAdapter, type StatelyMessage } from './forward.ts';
export { type Recorder, type RecorderOptions, recorder } from './recorder.ts';
export { NotARecording, type Recording, readRecording } from './recording.ts';
export { replay } from './replay.ts';
