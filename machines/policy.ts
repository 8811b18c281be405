/**
 * Delays and limits as small pure functions of numbers. They promise the same answer for the
 * same arguments; they must never read a clock or roll dice: luck is an argument.
 */
import type { BackoffPolicy, SupervisorPolicy } from './contracts.ts';

/** The longest delay a timer takes: beyond 2^31 - 1 ms Node fires at once. */
export const longestMs = 2_147_483_647;

/**
 * Delay before try `tries` (1 for the first retry): `firstMs * factor^(tries - 1)`, at most
 * `maxMs`, then stretched by up to `jitter` of itself. Jitter only stretches, so that a delay
 * is never shorter than the one promised, and the cap comes before it, so that late clients
 * spread too.
 */
export function backoffMs(policy: BackoffPolicy, tries: number, luck: number): number {
  const plain = policy.firstMs * policy.factor ** Math.min(Math.max(tries, 1) - 1, 64);
  const capped = Math.min(plain, policy.maxMs);
  return Math.min(Math.round(capped * (1 + policy.jitter * luck)), longestMs);
}

/**
 * The next number in [0, 1) after `luck`: a linear congruential step over 2^32 (multiplier and
 * increment of Numerical Recipes). Seeded once by the host, so a machine needs no dice.
 */
export function nextLuck(luck: number): number {
  const state = Math.floor(luck * 2 ** 32) >>> 0;
  return ((Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

type Waiting = { context: { policy: SupervisorPolicy; waitMs: number } };

/** How long a supervisor waits, by the name of what it waits for. */
export const delays = {
  look: ({ context }: Waiting) => context.policy.lookMs,
  port: ({ context }: Waiting) => context.policy.portMs,
  plan: ({ context }: Waiting) => context.policy.planMs,
  ready: ({ context }: Waiting) => context.policy.readyMs,
  ask: ({ context }: Waiting) => context.policy.askMs,
  poll: ({ context }: Waiting) => context.policy.pollMs,
  stable: ({ context }: Waiting) => context.policy.stableMs,
  repair: ({ context }: Waiting) => context.policy.repairMs,
  reload: ({ context }: Waiting) => context.policy.reloadMs,
  watch: ({ context }: Waiting) => context.policy.watchMs,
  drain: ({ context }: Waiting) => context.policy.drainMs,
  backoff: ({ context }: Waiting) => context.waitMs,
};
