/**
 * The tour of the demo: faults, one after the other, each with what must come of it. It promises
 * that every step is checked against the world (pids, generations, answers), not against a line
 * of the log, and has a deadline. It must never call a step passed because nothing was thrown.
 */
import type { Gateway } from '../index.ts';
import { isHoldfastError } from '../index.ts';

/** What a step may reach. */
export interface Stage {
  gateway: Gateway;
  /** how many of the next starts crash before they listen */
  sabotage(starts: number): void;
  /** one line about what was seen on the way */
  saw(sentence: string): void;
  /** aborts when the step has no time left, or the tour is to end: nothing is begun after that */
  signal: AbortSignal;
}

export interface Step {
  name: string;
  /** what happens now, for a person who has never seen this */
  does: string;
  /** resolves with what came of it; throws a `Disappointment` when that is not what must */
  run(stage: Stage): Promise<string>;
}

/** A step did not come to its expected state. */
export class Disappointment extends Error {
  override readonly name = 'Disappointment';
}

function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Disappointment(otherwise);
}

const pidOf = ({ status }: Gateway): number => {
  const pid = status.process?.pid;
  expect(pid !== undefined, `no process is running: ${status.line}`);
  return pid;
};

/** Asks the practice gateway to fail; it answers before it does. */
const fault = ({ gateway, signal }: Stage, name: string, values: object = {}): Promise<unknown> =>
  gateway.request('fault', { name, ...values }, { signal });

/** Does something, then waits until it runs again, and answers who serves before and after. */
async function untilBack(stage: Stage, act: () => Promise<unknown>) {
  const { gateway, signal } = stage;
  const before = { pid: pidOf(gateway), generation: gateway.diagnostics.generation };
  const back = gateway.nextReady({ signal });
  // whoever awaits it comes later: until then its failure belongs to nobody
  back.catch(() => {});
  await act();
  await back;
  const after = { pid: pidOf(gateway), generation: gateway.diagnostics.generation };
  expect(after.generation > before.generation, 'the connection is still the old one');
  stage.saw(gateway.diagnostics.lastEnd?.because.replace(/\.$/, '') ?? 'no end of a connection');
  return { before: before.pid, after: after.pid };
}

function sameProcess({ before, after }: { before: number; after: number }): string {
  expect(after === before, `pid ${before} was replaced by ${after} without need`);
  return `pid ${after} was left alone, its link is new`;
}

function newProcess({ before, after }: { before: number; after: number }): string {
  expect(after !== before, `pid ${before} was not replaced`);
  expect(!isAlive(before), `pid ${before} is still alive`);
  return `pid ${before} is gone, pid ${after} serves`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The rejection of a promise that must reject. */
async function refusal(promise: Promise<unknown>, what: string) {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(isHoldfastError(outcome), `${what} did not fail as it must`);
  return outcome;
}

async function start({ gateway, signal }: Stage): Promise<string> {
  await gateway.start();
  await gateway.ready({ signal });
  return `pid ${pidOf(gateway)} serves`;
}

async function kill(stage: Stage): Promise<string> {
  const pid = pidOf(stage.gateway);
  return newProcess(await untilBack(stage, async () => process.kill(pid, 'SIGKILL')));
}

async function reset(stage: Stage): Promise<string> {
  const { gateway, signal } = stage;
  const slow = refusal(gateway.request('sleep', [60_000], { signal }), 'the request in flight');
  slow.catch(() => {});
  const who = await untilBack(stage, () => fault(stage, 'drop'));
  const { delivery } = await slow;
  expect(delivery === 'maybe-executed', `the request in flight ended as ${delivery}`);
  stage.saw('a request was in flight: settled at once as maybe-executed, not repeated');
  return sameProcess(who);
}

async function blackhole(stage: Stage): Promise<string> {
  const began = performance.now();
  const who = await untilBack(stage, () => fault(stage, 'blackhole', { forMs: 1_000 }));
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  return `${sameProcess(who)}, ${seconds} s after the last sign of life`;
}

async function deaf(stage: Stage): Promise<string> {
  const refuse = () => fault(stage, 'refuse', { forMs: 600_000, drop: true });
  return newProcess(await untilBack(stage, refuse));
}

async function announced(stage: Stage): Promise<string> {
  return sameProcess(await untilBack(stage, () => fault(stage, 'restart', { refuseMs: 300 })));
}

async function asked(stage: Stage): Promise<string> {
  const { gateway } = stage;
  const because = 'the configuration changed';
  const ask = () => gateway.restart({ because }).then(({ outcome }) => outcome);
  let outcomes: string[] = [];
  const who = await untilBack(stage, async () => {
    outcomes = await Promise.all([ask(), ask(), ask()]);
  });
  stage.saw(`asked three times at once: ${outcomes.join(', ')}`);
  expect(outcomes.join() === 'replaced,joined,joined', 'three requests were not one restart');
  return newProcess(who);
}

async function crashing(stage: Stage): Promise<string> {
  const { gateway, signal } = stage;
  stage.sabotage(3);
  const error = await refusal(gateway.restart({ because: 'a new version is there' }), 'restart()');
  expect(error.code === 'HF_EXHAUSTED', `restart() failed with ${error.code}: ${error.message}`);
  expect(gateway.status.state === 'failed', `it is ${gateway.status.state}, not failed`);
  stage.saw('restart() rejected with HF_EXHAUSTED; somebody repairs it and calls start()');
  signal.throwIfAborted();
  await gateway.start();
  await gateway.ready({ signal });
  return `pid ${pidOf(gateway)} serves, with a fresh budget`;
}

/** Also the last thing of a tour that was cut short. */
export async function stop({ gateway }: Pick<Stage, 'gateway'>): Promise<string> {
  const pid = gateway.status.process?.pid;
  const { gone, how } = await gateway.stop();
  expect(gone, `something is left: ${how}`);
  expect(pid === undefined || !isAlive(pid), `pid ${pid} is still alive`);
  expect(gateway.status.state === 'stopped', `it is ${gateway.status.state}, not stopped`);
  return 'nothing is left running';
}

/** One request and its answer, between two steps. */
export async function ask({ gateway, signal }: Stage, a: number, b: number): Promise<string> {
  const sum = await gateway.request<number>('add', [a, b], { signal });
  expect(sum === a + b, `${a} + ${b} came back as ${sum}`);
  return `${a} + ${b} = ${sum}`;
}

export const opening: Step = { name: 'start', does: 'a start from nothing', run: start };
export const ending: Step = { name: 'stop', does: 'a stop', run: stop };

export const faults: readonly Step[] = [
  { name: 'kill', does: 'kill -9, as the kernel does it when memory is short', run: kill },
  { name: 'reset', does: 'the connection is cut by a reset, the process is well', run: reset },
  { name: 'silence', does: 'the peer still reads, and never says a word again', run: blackhole },
  { name: 'deaf', does: 'the process lives on, and listens no more', run: deaf },
  {
    name: 'announced',
    does: 'the service restarts itself and says so (close 1012)',
    run: announced,
  },
  { name: 'restart', does: 'three parts of an app ask for a restart at once', run: asked },
  { name: 'crash', does: 'a new version crashes at every start', run: crashing },
];
