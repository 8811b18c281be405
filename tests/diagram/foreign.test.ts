/** Machines that we have not written, drawn at every level: nothing lost, nothing covered. */
import { describe, expect, it } from 'vitest';
import { chartOf, sentence } from '../../src/diagram/chart.ts';
import { elk } from '../../src/diagram/elk.ts';
import { pictureOf } from '../../src/diagram/files.ts';
import { atLevel, levelsOf } from '../../src/diagram/level.ts';
import { toMermaid } from '../../src/diagram/mermaid.ts';
import { modelOf } from '../../src/diagram/model.ts';
import { flaws, read } from './picture.ts';
import { publicCharts } from './public-charts.ts';

const engine = await elk();
const squeezed = (text: string): string => text.replace(/\s+/g, '');

describe.each([...publicCharts])('%s', (_, machine) => {
  const model = modelOf(machine);

  it.each(levelsOf(model))('is drawn whole and legibly at the level %s', async (level) => {
    const svg = await pictureOf(model, level, engine);
    expect(flaws(svg)).toEqual([]);
    const chart = chartOf(atLevel(model, level));
    const shown = read(svg).texts.map(({ what }) => what);
    const missing = [...chart.states.values()].filter(
      ({ id, outside }) => !outside && id !== chart.root.id && !svg.includes(`id="s-${id}"`),
    );
    expect(missing.map(({ id }) => id)).toEqual([]);
    const all = squeezed(shown.join(''));
    const rows = [...chart.rows.values()].flat().map(({ words }) => squeezed(sentence(words)));
    expect(rows.filter((row) => !all.includes(row))).toEqual([]);
    for (const { id } of chart.arrows) expect(svg).toContain(id.replaceAll("'", '&#39;'));
    expect(await pictureOf(model, level, engine)).toBe(svg);
  });

  it('has a text for every transition', () => {
    const text = toMermaid(model);
    const arrows = text.split('\n').filter((line) => / --> (?!\[\*\])/.test(line));
    expect(arrows.length).toBeGreaterThan(0);
  });
});

describe('the charts of others', () => {
  it('are at least a dozen, five of them from the package of XState', () => {
    expect(publicCharts.size).toBeGreaterThanOrEqual(14);
    const ofXState = [...publicCharts.keys()].filter((name) => name.startsWith('xstate '));
    expect(ofXState).toHaveLength(5);
  });
});

describe('a flaw', () => {
  const text = (x: number) => `<text class="line label" x="${x}" y="20">words</text>`;
  const page = (inside: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100">${inside}</svg>`;
  const box = '<g class="state" id="s-a"><rect x="20" y="5" width="40" height="30"/></g>';
  const line = '<path class="arrow" d="M10 15L190 15"/>';

  it.each([
    ['a word on another', text(10) + text(20), 'words on words'],
    ['a word across a border', text(10) + box, 'words across s-a'],
    ['a line through a word', text(10) + line, 'a line through words'],
    ['a word off the page', text(190), 'words off the page'],
  ])('is seen: %s', (_, inside, flaw) => {
    expect(flaws(page(inside))).toContain(flaw);
  });
});
