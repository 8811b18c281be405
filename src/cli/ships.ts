/** What ships to be drawn: the machines, and the system that they make. */
import * as machines from '../../machines/index.ts';
import { both } from '../../machines/world.ts';
import type { Exports } from './load.ts';

export const ships: Exports = { ...machines, world: both };
