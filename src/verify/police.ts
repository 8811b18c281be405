/**
 * Purity while a machine is being stepped: clocks, chance and timers throw, and what a machine
 * keeps is frozen to the bottom. It must never leave a global replaced, whatever the step does.
 */
import { Broken } from './fault.ts';

type Owner = Record<string, unknown>;

const thrower = (name: string) => () => {
  throw new Broken('pure', `a machine used ${name}`);
};
const forbidden = (name: string) => Object.assign(thrower(name), { now: thrower(`${name}.now`) });

const guarded: readonly [owner: Owner, key: string, name: string][] = [
  [globalThis as unknown as Owner, 'Date', 'Date'],
  [globalThis as unknown as Owner, 'setTimeout', 'setTimeout'],
  [globalThis as unknown as Owner, 'setInterval', 'setInterval'],
  [globalThis as unknown as Owner, 'setImmediate', 'setImmediate'],
  [globalThis as unknown as Owner, 'queueMicrotask', 'queueMicrotask'],
  [Math as unknown as Owner, 'random', 'Math.random'],
  [performance as unknown as Owner, 'now', 'performance.now'],
];
const throwers = guarded.map(([, , name]) => forbidden(name));

/** Runs `step` with every impure function replaced by one that throws. */
export function policed<T>(step: () => T): T {
  const kept = guarded.map(([owner, key]) => Object.getOwnPropertyDescriptor(owner, key));
  guarded.forEach(([owner, key], i) => {
    Object.defineProperty(owner, key, { value: throwers[i], configurable: true, writable: true });
  });
  try {
    return step();
  } finally {
    guarded.forEach(([owner, key], i) => {
      const descriptor = kept[i];
      if (descriptor) Object.defineProperty(owner, key, descriptor);
      else delete owner[key];
    });
  }
}

/** Freezes plain JSON to the bottom and refuses anything else. */
export function deepFreeze<T>(value: T, where: string): T {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    throw new Broken('pure', `${where} holds a ${typeof value}, not JSON`);
  }
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) {
    throw new Broken('pure', `${where} holds an instance of ${prototype.constructor?.name}`);
  }
  Object.freeze(value);
  for (const key of Object.keys(value)) {
    deepFreeze((value as Record<string, unknown>)[key], `${where}.${key}`);
  }
  return value;
}
