/**
 * The protocols Holdfast speaks, and what it takes to write another: the types to implement, and
 * what the end of a socket means where a protocol of your own has nothing better to say.
 */

export type {
  Ending,
  Inbound,
  PeerError,
  Protocol,
  ServerInfo,
  Session,
  SessionHost,
  TransportEnd,
} from '../ports.ts';
export { closeFor, readEnding } from './endings.ts';
export { jsonrpc } from './jsonrpc.ts';
export {
  type Client,
  type DeviceToken,
  type DeviceTokenKey,
  type DeviceTokenStore,
  deviceTokenStore,
  type Identity,
  type IdentityStore,
  identityStore,
  type OpenclawOptions,
  openclaw,
  type PrivateFiles,
} from './openclaw/index.ts';
export { plain } from './plain.ts';
