/** The tools of the second stage: stand-ins, collected scenarios, and reasons that are few. */
import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import * as shipped from '../../machines/index.ts';
import { mutantsOf } from '../../src/verify/mutate.ts';
import {
  collect,
  afterEach as onAfter,
  beforeEach as onBefore,
  describe as part,
  it as test,
} from './collector.ts';
import { standInPlugin } from './plugin.ts';
import { reasons } from './reasons.ts';
import { put, restore, standIn } from './stand-in.ts';

const lamp = (initial: string) =>
  createMachine({ id: 'lamp', initial, states: { off: {}, on: {} } });

describe('a machine that stands in', () => {
  const wired = standIn(lamp('off')).provide({});
  const begun = () => createActor(wired).start().getSnapshot().value;

  it('is itself, and a mutant from the moment it is put there, though wired before', () => {
    expect(begun()).toBe('off');
    put('lamp', lamp('on'));
    expect(begun()).toBe('on');
    restore();
    expect(begun()).toBe('off');
  });

  it('is not changed by a mutant of another machine', () => {
    put('door', lamp('on'));
    expect(begun()).toBe('off');
    restore();
  });
});

describe('the scenarios that are collected', () => {
  it('run with the hooks around them, inner ones inside, and after a failure too', async () => {
    const said: string[] = [];
    const [good, bad] = await collect('a.ts', async () => {
      onBefore(() => said.push('before'));
      onAfter(() => said.push('after'));
      part('a part', () => {
        onAfter(() => said.push('inner after'));
        test('passes', () => said.push('body'));
        test.each([1])('fails', (value: number) => Promise.reject(new Error(`${value}`)));
      });
    });
    expect([good?.title, bad?.title]).toEqual(['a part > passes', 'a part > fails #1']);
    await good?.run();
    expect(said).toEqual(['before', 'body', 'inner after', 'after']);
    await expect(bad?.run()).rejects.toThrow('1');
    expect(said.slice(4)).toEqual(['before', 'inner after', 'after']);
  });
});

describe('what is changed while files are loaded', () => {
  const { transform } = standInPlugin();

  it('is every machine and every scenario, and nothing else', () => {
    const machine = transform('export const gateway = setup({}).x();', '/x/machines/gateway.ts');
    expect(machine?.code).toContain('const $shipped = setup({}).x();');
    const scenario = transform("import { it } from 'vitest';", '/x/tests/scenarios/RC.test.ts');
    expect(scenario?.code).toMatch(/from ".*\/tests\/mutants\/collector\.ts";$/);
    expect(transform('', '/x/machines/policy.ts')).toBeUndefined();
  });

  it('is never a machine that cannot be found', () => {
    expect(() => transform('const gateway = 1;', '/x/machines/gateway.ts')).toThrow(
      'machines/gateway.ts does not export gateway once',
    );
  });
});

describe('the reasons', () => {
  it('are of mutants that exist, and at most one of fifty', () => {
    const { connection, gateway, heartbeat, process, reconnect, supervisor } = shipped;
    const all = [connection, gateway, heartbeat, process, reconnect, supervisor].flatMap(mutantsOf);
    const ids = new Set(all.map(({ id }) => id));
    expect(Object.keys(reasons).filter((id) => !ids.has(id))).toEqual([]);
    expect(Object.keys(reasons).length).toBeLessThanOrEqual(all.length / 50);
  });
});
