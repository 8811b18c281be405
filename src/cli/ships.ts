/** What ships: the machines, the system that they make, and the folders where they are shown. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as machines from '../../machines/index.ts';
import { both } from '../../machines/world.ts';
import type { Exports } from './load.ts';

export const ships: Exports = { ...machines, world: both };

/** The package itself, whether this runs as it was written or as it was built. */
const home = dirname(createRequire(import.meta.url).resolve('holdfast/package.json'));

export const diagrams = join(home, 'diagrams');
export const docs = join(home, 'docs');
