/**
 * Three systems in the style of strangers, with plain events and promises: what the checker says
 * of them as they are, and after one edit each that breaks a documented rule.
 */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { kernel } from '../../machines/guarantees.ts';
import { subjectOf } from '../../src/cli/subject.ts';
import { conformance, explore } from '../../src/verify/index.ts';
import { retrace } from '../../src/verify/retrace.ts';
import { brokenRule } from '../../src/verify/rules.ts';

const systems = ['crossing', 'checkout', 'uploads'] as const;
type System = (typeof systems)[number];
type Delivery = 'async' | 'rtc';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const sourceOf = (name: System) => readFileSync(new URL(`${name}.js`, import.meta.url), 'utf8');

/** What `holdfast check FILE` explores, from a file in a folder of its own. */
async function subject(name: System, edit?: readonly [find: string, instead: string]) {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-foreign-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  symlinkSync(modules, join(home, 'node_modules'));
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }\n');
  const [find, instead] = edit ?? ['', ''];
  const parts = sourceOf(name).split(find);
  if (edit && parts.length !== 2) throw new Error(`${name} holds ${parts.length - 1} × ${find}`);
  const file = join(home, `${name}.js`);
  writeFileSync(file, edit ? parts.join(instead) : sourceOf(name));
  const { worlds } = await subjectOf(file);
  const [first] = worlds;
  if (!first) throw new Error(`${name} has no world`);
  return first;
}

async function verdict(name: System, delivery: Delivery, edit?: readonly [string, string]) {
  const { world, promises } = await subject(name, edit);
  const rule = brokenRule(world);
  if (rule) return { broken: rule.guarantee, unfinished: 0, never: 0 };
  const { violation, cut, overflow, coverage } = explore(world, { delivery, promises });
  const never = Object.values(coverage).reduce((sum, one) => sum + one.never.length, 0);
  return { broken: violation?.guarantee ?? 'nothing', unfinished: cut + overflow, never };
}

describe('a system of somebody else', { timeout: 60_000 }, () => {
  it.each(systems)('is proved as it stands, in the order of one process: %s', async (name) => {
    const whole = { broken: 'nothing', unfinished: 0, never: 0 };
    expect(await verdict(name, 'rtc')).toEqual(whole);
  });

  it.each(systems)('does as the checker says, in either delivery: %s', async (name) => {
    const { world } = await subject(name);
    const walked = { seed: 4, steps: 600 };
    expect(conformance(world, walked).difference).toBeUndefined();
    // plain events are broken in any order; what is found before that is no difference
    const { difference = 'found nothing' } = conformance(world, { ...walked, delivery: 'async' });
    expect(difference).toContain('found');
    expect(difference).not.toContain('differ');
  });
});

const breaches: readonly [
  rule: string,
  name: System,
  how: string,
  edit: readonly [find: string, instead: string] | undefined,
  delivery?: Delivery,
][] = [
  ['pure', 'checkout', 'a guard rolls dice', ['failures >= 2', 'failures >= 2 + Math.random()']],
  ['modelled', 'checkout', 'an inline source', ["src: 'chargeCard'", 'src: fromPromise(() => 1)']],
  ['one-instance', 'uploads', 'one id for two', ['{free}`, input', '{0}`, input']],
  ['timer-discipline', 'uploads', 'a timer is kept', ["exit: 'dontTidy',", '']],
  [
    'no-inner-event',
    'uploads',
    'who serves a generation reports without it',
    ['=> ({ slot: input.slot', '=> ({ gen: 1, slot: input.slot'],
  ],
  [
    'generations',
    'uploads',
    'a generation that nobody opened',
    ['input: { slot: free }', 'input: { slot: free, gen: 1 }'],
  ],
  ['stale-is-inert', 'uploads', 'plain events, delivered in any order', undefined, 'async'],
  [
    'never-final',
    'uploads',
    'a child that ends',
    ['done: { entry', "done: { type: 'final', entry"],
  ],
  [
    'not-abandoned',
    'uploads',
    'an upload that must end is stopped',
    ['live: (', "mustEnd: (state) => state === 'pending',\n  live: ("],
  ],
  [
    'silent-once-stopped',
    'uploads',
    'a cleanup that speaks',
    ['live: (', "parting: { type: 'xstate.done.actor.put' },\n  live: ("],
  ],
  ['missing-child', 'crossing', 'a wrong id', ["sendTo('signal'", "sendTo('sign'"]],
  [
    'one-report',
    'uploads',
    'two reports at once',
    ["entry: 'uploaded'", "entry: ['uploaded', 'gaveUp']"],
  ],
  [
    'nothing-throws',
    'crossing',
    'a guard that throws',
    ['context.requested }', 'context.no.one }'],
  ],
  [
    'walk-only-on-red',
    'crossing',
    'a promise of its own',
    ["on: { CLEAR: 'green' }", "after: { YELLOW_TIME: 'green' }"],
  ],
];

describe('one edit', { timeout: 60_000 }, () => {
  it.each(breaches)('breaks %s of %s: %s', async (rule, name, _how, edit, delivery = 'rtc') => {
    expect((await verdict(name, delivery, edit)).broken).toBe(rule);
  });

  it('is there for every rule of the kernel', () => {
    const rules = new Set(breaches.map(([rule]) => rule));
    expect(kernel.map(({ id }) => id).filter((id) => !rules.has(id))).toEqual([]);
  });

  it('is broken by real actors too, where a run can show it', async () => {
    const shown = ['one-instance', 'timer-discipline', 'stale-is-inert', 'never-final'];
    shown.push('not-abandoned', 'silent-once-stopped', 'missing-child', 'walk-only-on-red');
    const by: string[] = [];
    for (const [rule, name, , edit, delivery = 'rtc'] of breaches) {
      if (!shown.includes(rule)) continue;
      const { world, promises } = await subject(name, edit);
      const { violation } = explore(world, { delivery, promises });
      const moves = violation?.trace.map(({ what }) => what) ?? [];
      const { actors } = retrace(world, { delivery, moves, promises, guarantee: rule });
      by.push(actors?.guarantee ?? 'nothing');
    }
    expect(by.sort()).toEqual(shown.sort());
  });
});
