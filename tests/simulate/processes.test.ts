/**
 * The fake process table keeps the contract of every process driver, and does what a scenario asks
 * of it: it promises that a test may believe what it saw there. It must never need a clock.
 */

import { describe, expect, it } from 'vitest';
import type { LaunchPlan } from '../../src/ports.ts';
import { type Child, type Habits, ProcessTable } from '../../src/simulate/processes.ts';
import { processConformance, Witness } from '../drivers/process-conformance.ts';
import { turns } from '../fakes/clock.ts';

const plan = (behaviour: string): LaunchPlan => ({
  command: `/bin/${behaviour}`,
  args: [behaviour],
  env: {},
  mark: { name: 'MARK', value: 'x' },
});

const scripts: Record<string, (child: Child) => void> = {
  talk(child) {
    child.writes('one\r\ntwo\n\nunfinished');
    child.writes('grüße\n', 'stderr');
    child.exits(3);
  },
  missing(child) {
    child.habits.failsWith = 'ENOENT';
  },
  wait: (child) => child.says('ready'),
  listen(child) {
    child.habits.exitCodeOnTerminate = 7;
    child.says('ready');
  },
  deaf(child) {
    child.habits.onTerminate = 'ignores';
    child.onSignal = (signal) => child.says(`${signal} ignored`);
    child.says('ready');
  },
  repeat(child) {
    child.onWrite = (text) => (text === null ? child.exits(7) : child.says(text.trim()));
    child.says('ready');
  },
  leaveSomeone(child) {
    child.habits.leaves = 1;
    child.exits(0);
  },
};

const shared = new ProcessTable();
shared.onSpawn = (child) => scripts[child.plan.args[0] ?? '']?.(child);

processConformance('the fake process table:', shared.driver, {
  talk: () => plan('talk'),
  missing: () => plan('missing'),
  wait: () => plan('wait'),
  listen: (signal) => ({ ...plan('listen'), stopSignal: signal }),
  deaf: () => plan('deaf'),
  repeat: () => plan('repeat'),
  leaveSomeone: () => plan('leaveSomeone'),
  leaveSomeoneElsewhere: () => plan('leaveSomeone'),
});

const start = (habits: Partial<Habits> = {}) => {
  const table = new ProcessTable();
  table.habits = habits;
  const run = () => new Witness(table.driver, plan('any'));
  return { table, run };
};
const live = async (habits: Partial<Habits> = {}) => {
  const { table, run } = start(habits);
  const witness = run();
  const child = await table.next();
  await turns(2);
  return { table, witness, child };
};

describe('the fake process table', () => {
  it('numbers its children from 101 and keeps what was asked of each', async () => {
    const { table, run } = start();
    const witnesses = [run(), run()];
    expect(table.children.map(({ pid, alive }) => [pid, alive])).toEqual([
      [101, false],
      [102, false],
    ]);
    const [first, second] = [await table.next(), await table.next()];
    expect([first, second]).toEqual(table.children);
    expect(witnesses.map(({ pid }) => pid)).toEqual([101, 102]);
    expect(first.plan.command).toBe('/bin/any');
    witnesses[0]?.handle.terminate();
    witnesses[0]?.handle.kill();
    witnesses[0]?.handle.release();
    witnesses[0]?.handle.release();
    expect(first.signals).toEqual(['SIGTERM', 'SIGKILL', 'release']);
    expect([first.alive, second.alive, table.alive]).toEqual([false, true, 1]);
  });

  it('lets onSpawn change the habits of one child, whatever those of the table', async () => {
    const { table, run } = start({ failsWith: 'EACCES' });
    table.onSpawn = (child) => {
      if (child.pid === 102) child.habits.failsWith = undefined;
    };
    const witnesses = [run(), run()];
    await turns(3);
    expect(witnesses.map(({ seen }) => seen)).toEqual([['failed EACCES', 'empty'], ['spawned']]);
    expect(witnesses[0]?.failure?.message).toBe('spawn /bin/any EACCES');
    expect(table.alive).toBe(1);
  });

  it('spawns when told, and what was asked meanwhile happens then', async () => {
    const { table, witness, child } = await live({ spawns: 'when told' });
    child.says('hello');
    witness.handle.terminate();
    await turns(5);
    expect([witness.seen, table.alive]).toEqual([[], 0]);
    child.spawned();
    child.spawned();
    child.says('too late');
    expect(witness.seen).toEqual([]);
    await turns(6);
    expect(witness.seen).toEqual(['spawned', 'stdout hello', 'exited SIGTERM', 'empty']);
    expect(child.signals).toEqual(['SIGTERM']);
  });

  it('never spawns when that is its habit', async () => {
    const { table, witness, child } = await live({ spawns: 'never' });
    child.spawned();
    witness.handle.kill();
    await turns(5);
    expect([witness.seen, table.alive]).toEqual([[], 0]);
  });
});

describe('a child of the fake process table', () => {
  it('exits as it is told, once, with all it had to say', async () => {
    const { table, witness, child } = await live();
    child.says('one');
    child.writes(new Uint8Array([0xe2, 0x82]), 'stderr');
    child.writes(new Uint8Array([0xac]), 'stderr');
    child.exits(null, 'SIGSEGV');
    child.exits(0);
    child.says('from the grave');
    expect(witness.seen).toEqual(['spawned']);
    await turns(4);
    expect(witness.seen).toEqual(['spawned', 'stdout one', 'exited SIGSEGV', 'stderr €', 'empty']);
    expect([child.alive, table.alive]).toEqual([false, 0]);
  });

  it('that ignores a terminate says so where the test listens, and is killed', async () => {
    const { witness, child } = await live({ onTerminate: 'ignores' });
    const heard: string[] = [];
    child.onSignal = (signal) => heard.push(signal);
    witness.handle.terminate();
    await turns(3);
    expect([child.alive, heard]).toEqual([true, ['SIGTERM']]);
    witness.handle.kill();
    await turns(3);
    expect([child.alive, heard]).toEqual([false, ['SIGTERM', 'SIGKILL']]);
    expect(witness.seen).toEqual(['spawned', 'exited SIGKILL', 'empty']);
  });

  it('exits with the code it has for a terminate', async () => {
    const { witness } = await live({ exitCodeOnTerminate: 0 });
    witness.handle.terminate();
    await turns(3);
    expect(witness.seen).toEqual(['spawned', 'exited 0', 'empty']);
  });

  it('leaves descendants, who may still write and count until they are killed', async () => {
    const { table, witness, child } = await live({ leaves: 2 });
    child.exits(1);
    await turns(3);
    child.says('we are still here');
    witness.handle.terminate();
    await turns(3);
    expect([child.alive, table.alive]).toEqual([false, 1]);
    witness.handle.kill();
    await turns(3);
    expect(witness.seen).toEqual(['spawned', 'exited 1', 'stdout we are still here', 'empty']);
    expect(table.alive).toBe(0);
  });

  it('that nothing can kill lives on, even after its release', async () => {
    const { table, witness, child } = await live({ killable: false, onTerminate: 'ignores' });
    witness.handle.kill();
    await turns(3);
    witness.handle.release();
    await turns(3);
    expect([child.alive, table.alive]).toEqual([true, 1]);
    expect(witness.seen).toEqual(['spawned']);
  });

  it('is held up by a reader that asks for time, on that stream only', async () => {
    const table = new ProcessTable();
    const seen: string[] = [];
    let goOn = () => {};
    const handle = table.driver(plan('any'), {
      spawned: () => {},
      failed: () => {},
      output: (stream, chunk) => {
        seen.push(`${stream} of ${chunk.length}`);
        if (stream === 'stderr') return;
        return new Promise((resolve) => {
          goOn = resolve;
        });
      },
      line: (_stream, text) => seen.push(text),
      exited: () => {},
      empty: () => seen.push('empty'),
    });
    const child = await table.next();
    for (const word of ['a', 'b', 'c']) child.says(word);
    child.says('x', 'stderr');
    await turns(3);
    expect(seen).toEqual(['stdout of 2', 'a', 'stderr of 2', 'x']);
    goOn();
    await turns(3);
    expect(seen.slice(4)).toEqual(['stdout of 2', 'b']);
    handle.kill();
    await turns(3);
    expect(seen.slice(6)).toEqual(['stdout of 2', 'c', 'empty']);
  });
});
