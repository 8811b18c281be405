/** Sequence diagrams: that they read well, keep within a terminal, and leave nothing out. */
import { describe, expect, it } from 'vitest';
import { linkAlone } from '../../machines/world.ts';
import { explore, formatSequence, type Violation, type World } from '../../src/verify/index.ts';
import { type Bugs, deskPromises, deskWorld } from './machines.ts';

const traceOf = (bugs: Bugs, delivery: 'async' | 'rtc'): Violation => {
  const { violation } = explore(deskWorld(bugs), { delivery, promises: deskPromises });
  if (!violation) throw new Error('nothing is broken');
  return violation;
};

/** The shortest way to a state, as if it were forbidden. */
function wayTo(world: World, path: string, state: string): Violation {
  const there = (view: Parameters<NonNullable<typeof deskPromises.always>[string]>[0]) =>
    view.at(path)?.matches(state) ? 'it is there' : undefined;
  const options = { delivery: 'rtc', posts: 1, promises: { always: { there } } } as const;
  const { violation } = explore(world, options);
  if (!violation) throw new Error(`${state} is not reached`);
  return violation;
}

const way = wayTo(linkAlone, 'gateway/link', 'trying.up.stable');

describe('a sequence diagram', () => {
  it('shows who said what to whom, who came and went, and what changed', async () => {
    const text = formatSequence(traceOf({ staleAccepted: true }, 'async'));
    await expect(`${text}\n`).toMatchFileSnapshot('./sequence.txt');
  });

  it('shows what arrives at once by another arrow than what is on its way', () => {
    const text = formatSequence(traceOf({ timerKept: true }, 'rtc'));
    expect(text).toContain('◀');
    expect(text).not.toContain('◁');
  });

  it('keeps within 100 columns, a row for each move, however deep the trace', () => {
    const rows = formatSequence(way).split('\n');
    expect(way.trace.length).toBeGreaterThan(10);
    expect(rows.filter((row) => row.length > 100)).toEqual([]);
    const numbers = rows.flatMap((row) => /^ {0,2}(\d+) /.exec(row)?.[1] ?? []).map(Number);
    expect(numbers).toEqual(way.trace.map((_, i) => i + 1));
  });

  it('names every message that the trace names', () => {
    const text = formatSequence(way)
      .replaceAll(/[│┼─╌]/g, ' ')
      .replaceAll(/\s+/g, ' ');
    const said = way.trace.flatMap(({ happened }) =>
      happened.flatMap((one) => (one.kind === 'sent' ? [one.says] : [])),
    );
    expect(said.length).toBeGreaterThan(4);
    expect(said.filter((says) => !text.includes(says))).toEqual([]);
  });

  it('gives actors of one name at two places two names', () => {
    const step = { kind: 'delivery', what: '', sends: [], changed: [], state: '' } as const;
    const happened = [
      { kind: 'sent', from: 'a/left/job', to: 'a', says: 'x', waits: true },
    ] as const;
    const trace = [{ ...step, from: 'a/right/job', to: 'a', says: 'y', happened }];
    const [, ...stairs] = formatSequence({ guarantee: 'g', message: 'm', trace }).split('\n');
    const [head] = formatSequence({ guarantee: 'g', message: 'm', trace }).split('\n');
    expect(stairs.length).toBeGreaterThan(0);
    expect(head?.trim().split(/\s+/)).toEqual(['a', 'left/job', 'right/job']);
  });
});
