/**
 * The tools of the second stage: stand-ins, collected scenarios, the order in which they are
 * tried, who killed the last time, and reasons that are few.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
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
import { killsFile, readKills, scenarioOf, writeKills } from './kills.ts';
import { type Known, orderFor } from './order.ts';
import { standInPlugin } from './plugin.ts';
import { reasons } from './reasons.ts';
import { put, restore, standIn, visits } from './stand-in.ts';

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

describe('a play that is watched', () => {
  it('tells which states were there, and what they were asked', async () => {
    const bell = createMachine({
      id: 'bell',
      initial: 'still',
      states: { still: { on: { pull: 'rings' } }, rings: {}, broken: { on: { pull: 'still' } } },
    });
    const wired = standIn(bell);
    const seen = await visits(async () => createActor(wired).start().send({ type: 'pull' }));
    expect([...seen].filter((one) => one.includes('pull'))).toEqual(['bell/bell.still pull']);
    expect(seen.has('bell/bell.rings')).toBe(true);
    expect(seen.has('bell/bell.broken')).toBe(false);
  });
});

describe('the order in which scenarios are tried', () => {
  const scenario = (title: string, ms: number, ...visited: string[]): Known => ({
    title,
    ms,
    visits: new Set(['lamp/lamp', ...visited]),
    kills: new Map(),
  });
  const [slow, fast, apart] = [
    scenario('slow', 20, 'lamp/lamp.on', 'lamp/lamp.on press'),
    scenario('fast', 10, 'lamp/lamp.on', 'lamp/lamp.on press'),
    scenario('apart', 1, 'lamp/lamp.on'),
  ];
  const all = [slow, fast, apart];
  const mutants = mutantsOf(
    createMachine({
      id: 'lamp',
      initial: 'on',
      states: { on: { on: { press: 'off' }, entry: 'shine' }, off: {} },
    }),
  );
  const [event, state] = ['press/dropped', 'entry-without-shine'].map((end) =>
    mutants.find(({ id }) => id.endsWith(end)),
  );
  const titles = (mutant = event, first?: string) =>
    mutant && orderFor(mutant, all, new Set(), first).map(({ title }) => title);

  it('has all that come to the place of the change, and none that does not', () => {
    expect(titles()).toEqual(['fast', 'slow']);
    expect(titles(state)).toEqual(['apart', 'fast', 'slow']);
  });

  it('begins with the one that killed it the last time, and loses no other by that', () => {
    expect(titles(event, 'slow')).toEqual(['slow', 'fast']);
    expect(titles(event, 'renamed since')).toEqual(['fast', 'slow']);
  });

  it('goes on with who killed most of the machine', () => {
    slow.kills.set('lamp', 1);
    expect(titles()).toEqual(['slow', 'fast']);
    slow.kills.clear();
  });
});

describe('who killed the last time', () => {
  it('is kept in the order of the ids, a line for each', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-kills-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'kills.json');
    const [b, a] = [{ by: 'RC-01' }, { world: 'link', by: 'one-socket' }];
    writeKills(file, new Map(Object.entries({ b, a })));
    const lines = [
      '  {"mutant":"a","world":"link","by":"one-socket"},',
      '  {"mutant":"b","by":"RC-01"}',
    ];
    expect(readFileSync(file, 'utf8')).toBe(`{"kills": [\n${lines.join('\n')}\n]}\n`);
    expect(readKills(file)).toEqual(new Map(Object.entries({ a, b })));
    expect([a, b, undefined].map(scenarioOf)).toEqual([undefined, 'RC-01', undefined]);
  });

  it('is known of most mutants that ship', () => {
    const { connection, gateway, heartbeat, process, reconnect, supervisor } = shipped;
    const all = [connection, gateway, heartbeat, process, reconnect, supervisor].flatMap(mutantsOf);
    const kills = readKills(killsFile);
    const known = all.filter(({ id }) => kills.has(id));
    expect(known.length).toBeGreaterThan(all.length / 2);
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
