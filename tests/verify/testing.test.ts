/** `holdfast/testing`: what it throws, and which rule it names for which mistake. */

import { describe, expect, it } from 'vitest';
import { type AnyStateMachine, assign, createMachine, fromPromise, setup } from 'xstate';
import { check } from '../../src/verify/testing.ts';

const actors = { job: fromPromise(async () => 1) };

/** A machine of two states that goes over by one transition. */
const over = (push: object): AnyStateMachine =>
  createMachine({
    id: 'door',
    context: { count: 0 },
    initial: 'shut',
    states: { shut: { on: { push: { target: 'open', ...push } } }, open: { on: { pull: 'shut' } } },
  });

const broken: [rule: string, words: string, machine: AnyStateMachine][] = [
  ['pure', 'a machine used Date.now', over({ guard: () => Date.now() > 0 })],
  ['pure', 'a machine used Math.random', over({ actions: assign({ count: () => Math.random() }) })],
  [
    'pure',
    'read only',
    over({
      actions: assign(({ context }) => {
        Object.assign(context, { count: 1 });
        return {};
      }),
    }),
  ],
  ['modelled', "the unknown action 'ring'", over({ actions: 'ring' })],
  [
    'modelled',
    'an inline source',
    createMachine({ id: 'door', invoke: { id: 'job', src: actors.job } }),
  ],
  [
    'one-instance',
    "both invoke under the id 'job'",
    setup({ actors }).createMachine({
      id: 'door',
      type: 'parallel',
      states: {
        left: { invoke: { id: 'job', src: 'job' } },
        right: { invoke: { id: 'job', src: 'job' } },
      },
    }),
  ],
];

describe('check()', () => {
  it('returns what it has covered when everything holds', async () => {
    const { states, cut, coverage } = await check(over({}));
    expect({ states, cut, never: coverage.door?.never }).toEqual({ states: 2, cut: 0, never: [] });
  });

  it('sends a machine all that it listens to, also where only a guard would run', async () => {
    const guard = () => {
      throw new Error('asked');
    };
    for (const type of ['push', 'push.*', '*']) {
      const machine = createMachine({ id: 'door', on: { [type]: { guard } } });
      await expect(check(machine), type).rejects.toThrow(/^nothing-throws: door threw: .*asked/);
    }
  });

  it('throws the trace to a broken promise', async () => {
    const shut = { 'stays-shut': { from: () => true, holds: () => false } };
    await expect(check(over({}), { promises: { goals: shut } })).rejects.toThrow(/^stays-shut: /);
    const always = {
      'never-open': ({ actors }: { actors: readonly { value: unknown }[] }) =>
        actors[0]?.value === 'open' ? 'it is open' : undefined,
    };
    await expect(check(over({}), { promises: { always } })).rejects.toThrow(
      'never-open: it is open\n1. user → door: push\n    => door=open',
    );
  });

  it('never calls proved what a bound cut off, nor what has no machine', async () => {
    await expect(check(over({}), { maxStates: 1 })).rejects.toThrow(/^not proved: .*cut 1/);
    await expect(check({ roles: [], root: 'door', user: [] })).rejects.toThrow('no machine');
  });

  it.each(broken)('names the rule %s: %s', async (rule, words, machine) => {
    const thrown = check(machine);
    await expect(thrown).rejects.toThrow(new RegExp(`^${rule}: door`));
    await expect(thrown).rejects.toThrow(words);
  });

  it('lets one id stand for two children that never live together', async () => {
    const machine = setup({ actors }).createMachine({
      id: 'door',
      initial: 'left',
      states: {
        left: { invoke: { id: 'job', src: 'job' }, on: { push: 'right' } },
        right: { invoke: { id: 'job', src: 'job' }, on: { push: 'left' } },
      },
    });
    const roles = [
      { name: 'door', machine },
      { name: 'job', leaf: { initial: 'idle', emits: {} } },
    ];
    const user = [{ event: { type: 'push' } }];
    await expect(check({ roles, root: 'door', user })).resolves.toMatchObject({ cut: 0 });
  });
});
