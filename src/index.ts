/**
 * The public names. Three factories, one error, the protocols; nothing is started by importing
 * this file, and nothing that only a command needs is loaded by it.
 */
import { childProcess } from './drivers/child-process.ts';
import { immediateDefer, microtaskDefer, systemRandom, uuid } from './drivers/host.ts';
import { privateFiles } from './drivers/private-files.ts';
import { systemClock } from './drivers/system-clock.ts';
import { wsTransport } from './drivers/ws.ts';
import type { Recorder } from './inspector/index.ts';
import type { Protocol } from './ports.ts';
import {
  type DeviceTokenStore,
  deviceTokenStore,
  type IdentityStore,
  identityStore,
  jsonrpc,
  openclaw,
  plain,
} from './protocols/index.ts';
import { Gateway } from './runtime/gateway.ts';
import type { Environment } from './runtime/live-host.ts';
import type {
  CommonOptions,
  GatewayOptions,
  LinkOptions,
  ProcessOptions,
} from './runtime/options.ts';

const environment: Environment = {
  clock: (onResume) => systemClock({ onResume }),
  defer: microtaskDefer,
  afterwards: immediateDefer,
  random: systemRandom,
  uuid,
  transport: wsTransport,
  driver: childProcess,
  inspector: async () => {
    const { inspect, recorder } = await import('./inspector/index.ts');
    return {
      recorder: () => recorder(),
      inspect: (made, options) => inspect(made as Recorder, options),
    };
  },
};

const protocols: Readonly<Record<string, () => Protocol>> = { plain, jsonrpc, openclaw };

/** A protocol by its name, or any object that is one. */
export type Link = Omit<LinkOptions, 'protocol'> & {
  protocol: 'plain' | 'jsonrpc' | 'openclaw' | Protocol;
};

const named = (link: Link): LinkOptions => {
  const { protocol } = link;
  const make = typeof protocol === 'string' ? protocols[protocol] : undefined;
  return { ...link, protocol: make === undefined ? (protocol as Protocol) : make() };
};

/**
 * A supervised process and the link to it, arbitrated together. No I/O before `start()`.
 * Throws `HF_OPTION_INVALID`.
 */
export function createGateway(
  options: CommonOptions & { process: ProcessOptions; link: Link },
): Gateway {
  return new Gateway({ ...options, link: named(options.link) }, environment);
}

/** A supervised process without a link. Throws `HF_OPTION_INVALID`. */
export function supervise(process: ProcessOptions, common: CommonOptions = {}): Supervised {
  return new Gateway({ ...common, process }, environment);
}

/** A link to a service that somebody else runs. Throws `HF_OPTION_INVALID`. */
export function connect(link: Link, common: CommonOptions = {}): Connection {
  return new Gateway({ ...common, link: named(link) }, environment);
}

/**
 * What makes `openclaw(openclawFiles(folder))` a device that is paired once and comes back by
 * itself: its identity and its tokens, in files of `folder` that only their owner can read. No I/O
 * before the first attempt.
 */
export function openclawFiles(folder: string): {
  identity: IdentityStore;
  deviceTokens: DeviceTokenStore;
} {
  const files = privateFiles(folder);
  return { identity: identityStore(files), deviceTokens: deviceTokenStore(files) };
}

/** What `supervise` returns: no members of a link. */
export type Supervised = Omit<
  Gateway,
  'request' | 'send' | 'probe' | 'onConnected' | 'retarget' | 'resume'
>;

/** What `connect` returns: no members of a process. */
export type Connection = Omit<Gateway, 'restart' | 'reload' | 'killNow'>;

export {
  type UtilityChild,
  type UtilityForkOptions,
  type UtilityProcessModule,
  type UtilityProcessOptions,
  utilityProcessDriver,
} from './drivers/utility-process.ts';
export {
  type Delivery,
  type ErrorCode,
  errorCodes,
  HoldfastError,
  isHoldfastError,
} from './errors.ts';
export type * from './ports.ts';
export {
  type DeviceToken,
  type DeviceTokenKey,
  type DeviceTokenStore,
  type Identity,
  type IdentityStore,
  jsonrpc,
  type OpenclawOptions,
  openclaw,
  plain,
} from './protocols/index.ts';
export { defaults } from './runtime/defaults.ts';
export type {
  Connected,
  GatewayEvents,
  ReloadOptions,
  ReloadOutcome,
  RestartOptions,
  RestartOutcome,
  StopOutcome,
} from './runtime/gateway.ts';
export type { Metric } from './runtime/metrics.ts';
export type {
  AttemptRequest,
  BackoffOptions,
  CommonOptions,
  Found,
  Graceful,
  LinkOptions,
  Plan,
  PlanRequest,
  ProcessOptions,
  Ready,
  Reload,
  Way,
} from './runtime/options.ts';
export type { State, Status } from './runtime/status.ts';
export type { Gateway, GatewayOptions };
