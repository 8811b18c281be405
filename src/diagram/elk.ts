/**
 * The layout engine, loaded only when something is to be drawn: it is 1.6 MB. It must never be
 * loaded by what an app embeds.
 */

import type { Engine } from './layout.ts';

export async function elk(): Promise<Engine> {
  const { default: api } = await import('elkjs/lib/elk.bundled.js');
  return new api.default();
}
