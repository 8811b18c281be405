/**
 * A process that this host did not start: one that an earlier host of ours left running, or one
 * that the user told us to end. It promises the same events as a process that was spawned; since
 * nobody but its parent is told of an exit, it looks every quarter of a second, and the code of an
 * exit is never known. It must never signal a number that is not proved, straight before, to be
 * the process itself or to carry its mark.
 */
import type { Claim, Identity, ProcessEvents, ProcessHandle } from '../ports.ts';
import { isAlive } from './identity.ts';
import { beganAt, eachCarrier, groupMembers } from './leftovers.ts';

const lookMs = 250;
const killLooksMax = 8;
const doubtsMax = 3;

export const adoptedProcess = (claim: Claim, events: ProcessEvents): ProcessHandle =>
  new Adopted(claim, events);

class Adopted implements ProcessHandle {
  /** sought: nothing reported yet; held: alive; ended: only what it left behind */
  #phase: 'sought' | 'held' | 'ended' | 'over' = 'sought';
  #killing = false;
  #doubts = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #claim: Claim;
  readonly #events: ProcessEvents;
  /** nobody who is older came of it */
  readonly #since: number;

  constructor(claim: Claim, events: ProcessEvents) {
    this.#claim = claim;
    this.#events = events;
    this.#since = claim.identity === null ? 0 : beganAtOf(claim.identity);
    this.#timer = setTimeout(() => this.#look());
  }

  terminate(): void {
    if (this.#phase !== 'over') this.#signal(this.#claim.stopSignal ?? 'SIGTERM');
  }

  /** Holds on: whoever appears until nobody is left is killed as well. */
  kill(): void {
    if (this.#phase === 'over') return;
    this.#killing = true;
    this.#kill();
  }

  signal(name: NodeJS.Signals): void {
    const { identity } = this.#claim;
    if (identity === null || !isAlive(identity)) {
      throw new Error(`${name} was not sent: the process is not there`);
    }
    process.kill(identity.pid, name);
  }

  release(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    clearTimeout(this.#timer);
    this.#kill();
  }

  #look(): void {
    const { identity } = this.#claim;
    if (this.#killing) this.#kill();
    const lives = this.#lives();
    if (this.#phase === 'sought') {
      const found = lives || !this.#isEmpty();
      this.#phase = found ? 'held' : 'ended';
      if (found) this.#events.spawned(identity?.pid ?? 0);
      else this.#events.failed(gone);
    }
    if (this.#is('held') && !lives && (identity !== null || this.#isEmpty())) {
      this.#phase = 'ended';
      this.#events.exited({ code: null, signal: null });
    }
    if (this.#is('ended') && this.#isEmpty()) {
      this.#phase = 'over';
      this.#events.empty();
    } else if (!this.#is('over')) this.#timer = setTimeout(() => this.#look(), lookMs);
  }

  /** A listener may have released it meanwhile. */
  #is(phase: 'held' | 'ended' | 'over'): boolean {
    return this.#phase === phase;
  }

  #lives(): boolean {
    const { identity } = this.#claim;
    return identity !== null && isAlive(identity);
  }

  /** Members of its group, and carriers of its mark; a stranger has neither. */
  #isEmpty(): boolean {
    const { identity, mark } = this.#claim;
    if (this.#lives()) return false;
    if (mark === null) return true;
    let left = identity === null ? 0 : (groupMembers(identity.pid) ?? []).length;
    const seenAll = left > 0 || eachCarrier(mark, () => (left += 1), this.#since);
    // on a busy machine somebody always comes or goes while we look
    this.#doubts = left > 0 ? 0 : this.#doubts + 1;
    return left === 0 && (seenAll || this.#doubts >= doubtsMax);
  }

  #signal(signal: NodeJS.Signals): void {
    const { identity, mark } = this.#claim;
    if (identity !== null && isAlive(identity)) {
      // a group of its own is what we start; of a stranger we know one process only
      send(mark === null ? identity.pid : -identity.pid, signal);
    } else if (mark !== null) eachCarrier(mark, (pid) => send(pid, signal), this.#since);
  }

  /** A carrier may have a child while it is being killed: looks again until nobody new is found. */
  #kill(): void {
    this.#signal('SIGKILL');
    const { mark } = this.#claim;
    if (mark === null) return;
    const killed = new Set<number>();
    for (let look = 0, before = -1; look < killLooksMax && killed.size > before; look += 1) {
      before = killed.size;
      const kill = (pid: number) => {
        send(pid, 'SIGKILL');
        killed.add(pid);
      };
      eachCarrier(mark, kill, this.#since);
    }
  }
}

/** 0 where it has ended already: its number may be another's by now. */
function beganAtOf(identity: Identity): number {
  const began = beganAt(identity.pid);
  return isAlive(identity) ? began : 0;
}

const gone = { code: 'ESRCH', message: 'it has ended meanwhile' };

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch {
    // gone, or not ours to signal: the next look tells
  }
}
