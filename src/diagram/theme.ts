/**
 * The colours of a picture, light and dark. It promises enough contrast for text in both (4.5 to 1
 * on what it stands on), and rules that need no variable, since many viewers of SVG know none.
 */

import { letter } from './lettering.ts';

/** `auto` follows what the reader prefers. */
export type Theme = 'light' | 'dark' | 'auto';

type Palette = Record<
  | 'page'
  | 'frame'
  | 'state'
  | 'region'
  | 'line'
  | 'rule'
  | 'ink'
  | 'faint'
  | 'guard'
  | 'runs'
  | 'active'
  | 'lit'
  | 'lost',
  string
>;

const light: Palette = {
  page: '#ffffff',
  frame: '#f8fafc',
  state: '#ffffff',
  region: '#ffffff',
  line: '#64748b',
  rule: '#cbd5e1',
  ink: '#1e293b',
  faint: '#566377',
  guard: '#6d28d9',
  runs: '#0369a1',
  active: '#b45309',
  lit: '#fffbeb',
  lost: '#b91c1c',
};

const dark: Palette = {
  page: '#0f172a',
  frame: '#162033',
  state: '#1e293b',
  region: '#0f172a',
  line: '#94a3b8',
  rule: '#334155',
  ink: '#e2e8f0',
  faint: '#a3b1c6',
  guard: '#c4b5fd',
  runs: '#7dd3fc',
  active: '#fbbf24',
  lit: '#3b2f12',
  lost: '#f87171',
};

const shapes = [
  'text{font-family:Helvetica,Arial,"Liberation Sans",sans-serif;white-space:pre}',
  `text{font-size:${letter.text}px}`,
  `.name{font-size:${letter.title}px;font-weight:600;text-anchor:middle}`,
  '.name.frame{text-anchor:start}',
  '.heading{font-weight:600}',
  '.state>rect,.state>circle{stroke-width:1.2}',
  '.region>rect,.outside>rect{stroke-dasharray:5 3}',
  '.arrow{fill:none;stroke-width:1.2}',
  '.outside>.name{font-weight:400}',
  '.lane,.post{stroke-dasharray:5 4}',
  '.cross{stroke-width:2}',
].join('');

const colours = (p: Palette): string =>
  [
    `.page{fill:${p.page}}`,
    `text{fill:${p.ink}}`,
    `.state>rect,.state>circle{fill:${p.state};stroke:${p.line}}`,
    `.frame>rect{fill:${p.frame}}`,
    `.region>rect,.outside>rect{fill:${p.region}}`,
    `.rule{stroke:${p.rule}}`,
    `.dot,.tip{fill:${p.line}}`,
    `.arrow{stroke:${p.line}}`,
    `.guard{fill:${p.guard}}`,
    `.does,.hears,.tagged,.count,.outside>.name{fill:${p.faint}}`,
    `.runs{fill:${p.runs}}`,
    `.active>rect{stroke:${p.active};fill:${p.lit}}`,
    `.arrow.fired{stroke:${p.active}}.line.fired{fill:${p.active}}`,
    `.lane{stroke:${p.rule}}`,
    `.pill>rect{stroke:${p.active};fill:${p.lit}}`,
    `.arrow.dropped,.cross{stroke:${p.lost}}`,
    `.arrow.miss{stroke-dasharray:3 3}.line.miss,.miss>.name{fill:${p.active}}`,
  ].join('');

export function styleOf(theme: Theme): string {
  if (theme === 'auto') {
    return `${shapes}${colours(light)}@media (prefers-color-scheme:dark){${colours(dark)}}`;
  }
  return `${shapes}${colours(theme === 'dark' ? dark : light)}`;
}
