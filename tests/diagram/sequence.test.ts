/** Sequence diagrams, read back: everything that was told is there, and nothing covers a word. */
import { describe, expect, it } from 'vitest';
import { type Sequence, sequenceToMermaid } from '../../src/diagram/sequence.ts';
import { sequenceToSvg } from '../../src/diagram/sequence-svg.ts';
import { type Area, holds, meet, read } from './picture.ts';
import { recorded, stories } from './stories.ts';

const lane = (id: string, before = true) => ({ id, title: id, before });

const call: Sequence = {
  id: 'a call',
  description: 'What one says to the other.',
  lanes: [lane('caller'), lane('line'), lane('callee', false)],
  events: [
    { kind: 'spawn', from: 'line', to: 'callee', number: 1 },
    { kind: 'post', from: 'caller', to: 'callee', words: 'hello' },
    { kind: 'message', from: 'caller', to: 'callee', words: 'hello', number: 2 },
    { kind: 'state', at: 'callee', words: 'listening' },
    { kind: 'self', at: 'callee', words: 'after patience', number: 3 },
    { kind: 'stop', at: 'callee' },
    { kind: 'message', from: 'callee', to: 'caller', words: 'a < b', dropped: true, number: 4 },
    { kind: 'message', from: 'caller', to: 'line', words: `{"a":"${'x'.repeat(60)}"}` },
  ],
  verdict: 'nobody: hears it',
};

const everyStory = new Map([...stories(), ['a call', call], ...(await recorded())]);

const textsOf = (svg: string): string[] => read(svg).texts.map(({ what }) => what);

describe.each([...everyStory])('the picture of the way to %s', (_, story) => {
  const svg = sequenceToSvg(story);
  const { page, texts, lines } = read(svg);

  it('has no word on another, none on an arrow, and nothing off the page', () => {
    const pairs = texts.flatMap((one, i) => texts.slice(i + 1).map((other) => [one, other]));
    const covered = pairs.filter(([a, b]) => a && b && meet(a, b));
    const crossed = lines.flatMap((a) => texts.filter((b) => meet(a, b)));
    const off = [...texts, ...lines].filter((area: Area) => !holds(page, area));
    const found = [...covered.flat(), ...crossed, ...off];
    expect(found.map((area) => area?.what)).toEqual([]);
  });

  it('names every lane at both ends', () => {
    const names = textsOf(svg);
    for (const { title } of story.lanes) {
      expect(names.filter((text) => text === title).length).toBeGreaterThanOrEqual(2);
    }
  });

  it('has an arrow or a mark for everything that was told', () => {
    const all = (kind: string) => story.events.filter((event) => event.kind === kind).length;
    const told = all('message') + all('post') + all('spawn') + all('self');
    expect(new Set(lines.map(({ arrow }) => arrow)).size).toBe(told);
    expect(svg.match(/class="state pill"/g)?.length ?? 0).toBe(all('state'));
    const dropped = story.events.filter((event) => 'dropped' in event).length;
    expect(svg.match(/class="cross"/g)?.length ?? 0).toBe(all('stop') + dropped);
    const steps = story.events.flatMap(({ number }) => number ?? []);
    expect([...svg.matchAll(/id="step-(\d+)"/g)].map(([, n]) => Number(n))).toEqual(steps);
  });
});

describe('a sequence diagram', () => {
  it('loses no character of what is too long for its lane', () => {
    const said = textsOf(sequenceToSvg(call)).join('');
    expect(said).toContain(`{"a":"${'x'.repeat(60)}"}`);
    expect(said).toContain('nobody: hears it');
  });

  it('is the same every time, in each theme another', () => {
    expect(sequenceToSvg(call)).toBe(sequenceToSvg(call));
    expect(sequenceToSvg(call, { theme: 'dark' })).not.toBe(sequenceToSvg(call));
  });

  it('reads as mermaid line by line', () => {
    expect(sequenceToMermaid(call).split('\n').slice(4, 13)).toEqual([
      '  participant p0 as caller',
      '  participant p1 as line',
      '  participant p2 as callee',
      '  p1-->>p2: 1. «spawn»',
      '  p0-)p2: hello',
      '  p0->>p2: 2. hello',
      '  Note over p2: listening',
      '  p2->>p2: 3. after patience',
      '  Note over p2: stopped',
    ]);
  });
});
