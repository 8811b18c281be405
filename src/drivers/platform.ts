/**
 * What this operating system lets a driver do with a tree of processes, as facts that a driver is
 * handed instead of asking for its name. It promises to be decided once, in one place, so that
 * every way of ending a tree can be played on any system. It must never start or signal anything.
 */

import { win32 } from 'node:path';

export type Platform =
  /** a process can lead a group of its own, and a signal reaches all of it */
  | { readonly trees: 'groups' }
  /** neither groups nor signals: descendants are found through their parents, by a program */
  | { readonly trees: 'taskkill'; readonly taskkill: string };

/** By absolute path: a `taskkill` in the working directory must never be the one that runs. */
export function platformOf(name: string, systemRoot: string | undefined): Platform {
  if (name !== 'win32') return { trees: 'groups' };
  const root =
    systemRoot !== undefined && win32.isAbsolute(systemRoot) ? systemRoot : 'C:\\Windows';
  return { trees: 'taskkill', taskkill: win32.join(root, 'System32', 'taskkill.exe') };
}

export const thisPlatform = platformOf(process.platform, process.env.SystemRoot);
