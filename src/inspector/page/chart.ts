/**
 * The statechart of one actor, drawn as in diagrams/ and lit up: the states it is in, the
 * transitions of its last step, and those never taken. It promises one layout for each machine and
 * level, made in a worker. It must never draw what came after another choice was made.
 */
import type { ELK as Engine } from 'elkjs/lib/elk-api.js';
import { h, type VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { chartOf } from '../../diagram/chart.ts';
import { drawingOf } from '../../diagram/layout.ts';
import { atLevel, type Level, levelsOf } from '../../diagram/level.ts';
import type { DiagramModel } from '../../diagram/model.ts';
import { toSvg } from '../../diagram/svg.ts';
import { activeIn } from '../active.ts';
import type { Value } from '../recording.ts';
import { elementOf } from './picture.ts';

interface Lit {
  model: DiagramModel;
  value: Value | undefined;
  fired: readonly string[];
  /** how often a transition was taken */
  taken: (edge: string) => number;
}

/** A chart of more states opens at its overview. */
const statesMost = 20;

/** A script of its own: it comes from its package as it is. */
declare const ELK: new (options: { workerUrl: string }) => Engine;

let engine: Engine | undefined;
const drawn = new WeakMap<DiagramModel, Map<Level, Promise<string>>>();

function drawingIn(model: DiagramModel, level: Level): Promise<string> {
  const known = drawn.get(model) ?? new Map<Level, Promise<string>>();
  drawn.set(model, known);
  const made = known.get(level) ?? draw(model, level);
  known.set(level, made);
  return made;
}

async function draw(model: DiagramModel, level: Level): Promise<string> {
  engine ??= new ELK({ workerUrl: workerUrl() });
  const chart = chartOf(atLevel(model, level));
  const direction = level === 'overview' ? 'RIGHT' : (model.direction ?? 'DOWN');
  return toSvg(await drawingOf(chart, direction, engine), { theme: 'none' });
}

/** In a page without a server the worker's text is in the page. */
function workerUrl(): string {
  const text = document.getElementById('elk')?.textContent;
  if (text === undefined) return '/elk.js';
  return URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
}

export function Statechart(lit: Lit): VNode {
  const { model } = lit;
  const first = model.states.length > statesMost ? 'overview' : 'full';
  const [chosen, choose] = useState<{ model: DiagramModel; level: Level }>({ model, level: first });
  const level = chosen.model === model ? chosen.level : first;
  const [isFit, setFit] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const [isThere, arrived] = useState<unknown>(undefined);
  useEffect(() => {
    let isWanted = true;
    void drawingIn(model, level).then((svg) => {
      if (!isWanted || !place.current) return;
      place.current.replaceChildren(elementOf(svg));
      if (place.current) light(place.current, lit);
      place.current.querySelector('.state.active:not(.frame)')?.scrollIntoView(middle);
      arrived(svg);
    });
    return () => {
      isWanted = false;
    };
  }, [model, level]);
  useEffect(() => {
    if (place.current) light(place.current, lit);
  }, [isThere, lit.value, lit.fired]);
  const options = levelsOf(model).map((one) => h('option', { value: one, key: one }, one));
  const onChange = (event: Event) => {
    choose({ model, level: (event.currentTarget as HTMLSelectElement).value });
  };
  return h('section', { class: 'chart', 'aria-label': `Statechart of ${model.id}` }, [
    h('header', { key: 'head' }, [
      h('strong', {}, model.id),
      h('label', {}, ['level ', h('select', { value: level, onChange }, options)]),
      h('label', {}, [
        h('input', { type: 'checkbox', checked: isFit, onChange: () => setFit(!isFit) }),
        ' all of it',
      ]),
    ]),
    h('div', { class: isFit ? 'drawing fit' : 'drawing', ref: place, key: 'drawing' }),
  ]);
}

const middle = { block: 'center', inline: 'center' } as const;

function light(place: HTMLElement, { model, value, fired, taken }: Lit): void {
  const active = activeIn(model, value);
  for (const state of place.querySelectorAll('.state')) {
    state.classList.toggle('active', active.has(state.id.replace(/^s-/, '')));
  }
  const isFired = (ids: readonly string[]) => ids.some((id) => fired.includes(id));
  for (const arrow of place.querySelectorAll<SVGElement>('[data-transitions]')) {
    const ids = arrow.dataset.transitions?.split(' ') ?? [];
    arrow.classList.toggle('fired', isFired(ids));
    arrow.classList.toggle(
      'miss',
      ids.every((id) => taken(id) === 0),
    );
  }
  for (const line of place.querySelectorAll('.line[id^="e-"]')) {
    line.classList.toggle('fired', isFired([line.id.replace(/^e-/, '')]));
  }
}
