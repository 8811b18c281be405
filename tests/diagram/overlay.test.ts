/** What real actors and the checker reach, laid over the drawings. */
import { describe, expect, it } from 'vitest';
import { createActor, createMachine } from 'xstate';
import * as shipped from '../../machines/index.ts';
import { linkAlone } from '../../machines/world.ts';
import { elk } from '../../src/diagram/elk.ts';
import { machinesIn, pictureOf } from '../../src/diagram/files.ts';
import { modelOf } from '../../src/diagram/model.ts';
import { neverReached, overlayOf, shareOf } from '../../src/diagram/overlay.ts';
import { explore, reached } from '../../src/verify/index.ts';
import { flaws } from './picture.ts';

const lamp = createMachine({
  id: 'lamp',
  initial: 'off',
  on: { kick: { actions: 'wobble' } },
  states: {
    off: { on: { press: 'on' } },
    on: { always: { guard: () => false, target: 'broken' }, on: { press: 'off' } },
    broken: {},
  },
});

/** A lamp that was pressed three times. */
function pressed() {
  const seen = reached();
  const actor = createActor(lamp, { inspect: seen.inspect }).start();
  for (let times = 0; times < 3; times += 1) actor.send({ type: 'press' });
  actor.send({ type: 'stroke' });
  return seen.reach();
}

describe('what an actor reaches', () => {
  it('is counted under the identities of the drawing', () => {
    expect(pressed().transitions).toEqual({ 'lamp.off:0': 2, 'lamp.on:0': 1 });
    const ids = modelOf(lamp).transitions.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(Object.keys(pressed().transitions)));
  });

  it('adds up, whoever has seen it', () => {
    const sum = reached();
    sum.add(pressed());
    sum.add(pressed());
    expect(sum.reach().transitions).toEqual({ 'lamp.off:0': 4, 'lamp.on:0': 2 });
  });

  it('leaves a list of what never was', () => {
    const model = modelOf(lamp);
    expect(shareOf(model, pressed())).toBe('2 of 4 transitions, 2 of 3 states');
    expect(neverReached(model, pressed())).toEqual([
      'lamp: state broken',
      'lamp: any state → nowhere on kick / wobble',
      'lamp: on → broken on always [inline guard]',
    ]);
  });

  it('is shown by a class and a number', async () => {
    const svg = await pictureOf(modelOf(lamp), 'full', await elk(), { reach: pressed() });
    expect(svg).toContain('class="state atomic hit" id="s-lamp.off"');
    expect(svg).toContain('class="state atomic miss" id="s-lamp.broken"');
    expect(svg).toMatch(/class="line label hit" id="e-lamp.off:0"[^>]*>press<tspan [^>]*> ×2</);
    expect(svg).toMatch(/class="arrow transition miss" data-transitions="lamp.on:1"/);
    expect(svg).toMatch(/class="line handles miss" id="e-lamp:0"[^>]*>kick.* ×0</);
  });

  it('is missed by an arrow only when all that it stands for were', () => {
    const { classes } = overlayOf(modelOf(lamp), pressed());
    expect(classes.get('lamp.on:0')).toBe('hit');
    expect(classes.get('lamp.on:1')).toBe('miss');
  });
});

describe('what the checker reaches', () => {
  it('is told by machine, in the words of the drawing', () => {
    const { coverage } = explore(linkAlone, { delivery: 'async', inFlight: 1, maxDepth: 9 });
    const { reach, never } = coverage.connection ?? { reach: undefined, never: [] };
    const model = modelOf(shipped.connection);
    if (reach === undefined) throw new Error('nothing is said of the connection');
    const known = new Set(model.transitions.map(({ id }) => id));
    expect(Object.keys(reach.transitions).filter((id) => !known.has(id))).toEqual([]);
    const plumbing = model.transitions.filter((one) => one.plumbing && !reach.transitions[one.id]);
    const listed = neverReached(model, reach).filter((line) => !line.includes(': state '));
    expect(listed).toHaveLength(never.length - plumbing.length);
  });
});

describe('numbers in a picture', () => {
  it('cover nothing', async () => {
    const many = (ids: readonly { id: string }[]) =>
      Object.fromEntries(ids.map(({ id }) => [id, 12_345]));
    for (const [, machine] of machinesIn(shipped)) {
      const model = modelOf(machine);
      const reach = { transitions: many(model.transitions), states: many(model.states) };
      expect(flaws(await pictureOf(model, 'full', await elk(), { reach }))).toEqual([]);
    }
  }, 60_000);
});
