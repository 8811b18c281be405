/**
 * `holdfast/config`: changes the configuration of a service by compare-and-set, over its requests
 * or in its file. Importing it does nothing; it must never be loaded by `holdfast` itself.
 */
import { systemClock } from '../drivers/system-clock.ts';
import { ConfigDelivery, type ConfigDeliveryOptions } from './config-delivery.ts';

/** One helper for one configuration. No I/O before `change()`. Throws `HF_OPTION_INVALID`. */
export function configDelivery(options: ConfigDeliveryOptions): ConfigDelivery {
  return new ConfigDelivery(options, systemClock({ onResume: () => {} }));
}

export type { Config } from './changes.ts';
export type {
  ChangeOptions,
  ConfigChange,
  ConfigDelivery,
  ConfigDeliveryOptions,
  Mutate,
} from './config-delivery.ts';
export type { Ask, Proposal, Snapshot } from './openclaw-config.ts';
