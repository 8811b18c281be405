/**
 * The promises of `restart()` and `reload()`. Each enters the ledger once the machine has counted
 * it, and settles with what became of it: a launch or a reload that came after it, a stop, or a
 * refusal. It must never decide any of these; it compares its number with the machine's.
 */
import type { GatewayCommand } from '../../machines/index.ts';
import type { HoldfastError } from '../errors.ts';
import type { Facts } from './facts.ts';
import type { ReloadOutcome, RestartOutcome } from './gateway.ts';
import { type Ask, type Entry, type Ledger, type Numbers, unserved } from './ledger.ts';
import type { Metrics } from './metrics.ts';
import { paused, type SystemView } from './view.ts';
import type { Waiters } from './waiters.ts';

/** What the promises look at, and the one command that they send. */
export interface Ground {
  readonly view: SystemView;
  readonly facts: Facts;
  readonly metrics: Metrics;
  readonly waiters: Waiters;
  readonly ledger: Ledger;
  readonly numbers: Numbers;
  /** there is a process that could be ours */
  readonly supervises: boolean;
  /** a machine has failed */
  readonly broken: HoldfastError | null;
  /** it has given up, for this reason */
  readonly gaveUp: HoldfastError | null;
  /** false: it waits for the step to end from within which it was called */
  send(command: GatewayCommand): boolean;
  /** the line of what was asked is made while the process that it speaks of is still there */
  keepLine(): void;
}

export async function restart(ground: Ground, ask: Ask): Promise<RestartOutcome> {
  const { facts } = ground;
  const pidBefore = facts.process?.pid;
  const count = ground.metrics.asked(ask.by);
  const ended = (outcome: RestartOutcome['outcome'], cause = ask.because) => {
    count(outcome);
    return { outcome, cause, pidBefore, pidAfter: facts.process?.pid };
  };
  const entry = await entered(ground, ask);
  if (typeof entry === 'string') return ended('refused', entry);
  const end = await settled(ground, entry).catch((error) => {
    ground.ledger.settle(entry, 'failed');
    count('failed');
    throw error;
  });
  const outcome = end === 'refused' || end === 'superseded' ? end : launched(entry, 'replaced');
  ground.ledger.settle(entry, outcome);
  return ended(outcome, outcome === 'refused' ? 'not-owned' : ask.because);
}

export async function reload(ground: Ground, ask: Ask): Promise<ReloadOutcome> {
  const { facts } = ground;
  const entry = await entered(ground, ask);
  if (typeof entry === 'string') return { outcome: 'refused', cause: entry };
  const end = await settled(ground, entry).catch((error) => {
    ground.ledger.settle(entry, 'failed');
    throw error;
  });
  const kept = facts.reload?.kept ?? null;
  const done = kept === null ? ('applied' as const) : ('skipped' as const);
  const outcome =
    end === 'applied'
      ? launched(entry, done)
      : end === 'launched'
        ? launched(entry, 'restarted')
        : end;
  ground.ledger.settle(entry, outcome);
  const told = facts.reload?.told ?? ask.because;
  if (outcome === 'refused') return { outcome, cause: 'not-owned' };
  return { outcome, cause: outcome === 'superseded' ? 'it was stopped before' : told };
}

/** Who goes along with somebody has joined, unless nothing came of it. */
const launched = <O>(entry: Entry, outcome: O): O | 'joined' => (entry.joined ? 'joined' : outcome);

/** A text says why it was not counted. */
async function entered(ground: Ground, ask: Ask): Promise<Entry | string> {
  const { ledger } = ground;
  if (!ground.supervises) return 'not-owned';
  const { asked } = ground.numbers;
  const { verb, by, settleMs } = ask;
  const later = ledger.isLater(settleMs);
  const command: GatewayCommand =
    verb === 'restart' ? { type: verb, by, settleMs, later } : { type: verb, settleMs, later };
  if (!ground.send(command)) await undefined;
  const { asked: counted } = ground.numbers;
  if (counted === asked) return 'stopped';
  const entry = ledger.enter(counted, ask);
  ground.keepLine();
  return entry;
}

function settled(ground: Ground, entry: Entry) {
  return ground.waiters.wait(`${entry.verb}()`, () => {
    const { view, numbers, broken } = ground;
    if (broken !== null) throw broken;
    if (numbers.served < entry.number) return unserved(entry.number, numbers);
    if (ground.gaveUp !== null) throw ground.gaveUp;
    if (!view.gateway.in('life.wanted')) return { value: 'superseded' as const };
    const there = view.gateway.in('life.wanted.running') || paused(view);
    return there ? { value: 'launched' as const } : undefined;
  });
}
