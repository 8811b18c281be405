/**
 * Who is left of a process, read from Linux's /proc: the living members of a group, and everyone
 * whose environment carries a mark, in whatever session it hides. It promises to name no zombie
 * and never the caller itself, to survive processes that come and go while it reads, and to say
 * when it could not be certain. It must never signal anyone, and never throw. Not seen: processes
 * of other users, those that made themselves unreadable, and those started with a clean
 * environment of their own; elsewhere than on Linux, nobody.
 */

import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';

export interface Mark {
  name: string;
  value: string;
}

/** When a process began, in ticks since the boot; no descendant of it is older. */
export const beganAt = (pid: number): number => factsOf(pid)?.began ?? 0;

const roundsMax = 4;

/**
 * Visits every process whose environment carries the mark, the caller excepted, each straight
 * after its environment was read. A process that goes while we read may have left a child that is
 * not on our list: then those on a newer list are read too, as long as it takes, within reason.
 * Answers whether the last round left no doubt. Whoever began before `since` (`beganAt`) cannot
 * carry the mark, so that one who shows nothing, such as the first process of a container, leaves
 * no doubt either.
 */
export function eachCarrier(mark: Mark, visit: (pid: number) => void, since = 0): boolean {
  const needle = Buffer.from(`\0${mark.name}=${mark.value}\0`);
  const page = Buffer.allocUnsafeSlow(64 * 1024 + needle.length);
  const done = new Set([process.pid]);
  let certain = false;
  for (let round = 0; round < roundsMax && !certain; round += 1) {
    const pids = everyPid();
    certain = pids !== undefined || process.platform !== 'linux';
    for (const pid of pids ?? []) {
      if (done.has(pid)) continue;
      const answer = environmentHas(pid, needle, page) ?? answerOfNone(pid, since);
      if (answer === 'yes') visit(pid);
      if (answer === 'gone' || answer === 'blank') certain = false;
      if (answer !== 'blank') done.add(pid);
    }
  }
  return certain;
}

/**
 * The members of a group that are not zombies; undefined where there is no /proc. Only of a group
 * that is a session's first: that is how we start them, and it tells a reused number apart.
 */
export function groupMembers(group: number): number[] | undefined {
  return everyPid()?.filter((pid) => {
    const facts = factsOf(pid);
    return facts?.group === group && facts.session === group && facts.alive;
  });
}

function everyPid(): number[] | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return undefined;
  }
}

/** blank: alive without an environment, so perhaps between two programs, or dying */
type Answer = 'yes' | 'no' | 'gone' | 'blank';

/** Undefined: there is none to see. */
function environmentHas(pid: number, needle: Buffer, page: Buffer): Answer | undefined {
  try {
    const file = openSync(`/proc/${pid}/environ`, 'r');
    try {
      return search(file, needle, page);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ESRCH') return 'gone';
    // The files of a dying process belong to root already, its folder is still its user's.
    if (code === 'EACCES' || code === 'EPERM') return isOurs(pid) ? undefined : 'no';
    return 'blank';
  }
}

/** Reads in pages that overlap by one needle; undefined when there was nothing to read. */
function search(file: number, needle: Buffer, page: Buffer): Answer | undefined {
  let kept = 1;
  page[0] = 0;
  for (let pages = 0; ; pages += 1) {
    const read = readSync(file, page, kept, page.length - kept, null);
    if (read === 0) return pages === 0 ? undefined : 'no';
    const bytes = page.subarray(0, kept + read);
    if (bytes.includes(needle)) return 'yes';
    kept = Math.min(bytes.length, needle.length - 1);
    page.copyWithin(0, bytes.length - kept, bytes.length);
  }
}

/** A zombie has lost its environment, a kernel thread never had one. */
function answerOfNone(pid: number, since: number): Answer {
  const facts = factsOf(pid);
  if (facts && (facts.kernel || facts.began < since)) return 'no';
  return facts?.alive ? 'blank' : 'gone';
}

/** Who has gone meanwhile counts as ours: better a look too many. */
function isOurs(pid: number): boolean {
  try {
    return statSync(`/proc/${pid}`).uid === process.geteuid?.();
  } catch {
    return true;
  }
}

interface Facts {
  began: number;
  group: number;
  session: number;
  alive: boolean;
  kernel: boolean;
}

function factsOf(pid: number): Facts | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name comes second, in brackets, and may itself hold brackets and spaces.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const state = fields[0] ?? '';
    // A zombie with other threads has only ended its first one.
    const alive = !'ZXx'.includes(state) || Number(fields[17]) > 1;
    const kernel = (Number(fields[6]) & 0x00200000) !== 0;
    const began = Number(fields[19]);
    return { began, group: Number(fields[2]), session: Number(fields[3]), alive, kernel };
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
