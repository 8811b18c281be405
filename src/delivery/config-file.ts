/**
 * The configuration as a file that a stopped service will read. It promises compare-and-set: the
 * file is replaced by a rename in its own folder, flushed and readable by its owner alone (0600),
 * and only while it still has the contents that were read. It must never write through a link that
 * leaves the folder, never open anything but a regular file, and never put contents into an error.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { HoldfastError } from '../errors.ts';

export interface FileSnapshot {
  /** null: there is no such file */
  text: string | null;
  /** null: there is no such file */
  hash: string | null;
}

const bytesMax = 8 * 1024 * 1024;
// A link could point anywhere, and a pipe would keep us waiting. Windows knows neither flag.
const reading = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export class ConfigFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = resolve(path);
  }

  read(): FileSnapshot {
    const bytes = this.#attempt('read', () => bytesOf(this.#target()));
    if (bytes === null) return { text: null, hash: null };
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return { text, hash: hashOf(bytes) };
    } catch {
      throw corrupt(this.#path, 'it is not UTF-8 text');
    }
  }

  /**
   * In one piece, without giving way: what holds when it begins holds when the file is replaced.
   * False when the file is not any more the one with that hash; it is left alone then.
   */
  replace(text: string, hash: string | null): boolean {
    return this.#attempt('replaced', () => {
      const target = this.#target();
      const temporary = join(
        dirname(target),
        `.${basename(target)}.${randomBytes(8).toString('hex')}.tmp`,
      );
      try {
        fill(temporary, text);
        const present = bytesOf(target);
        if ((present === null ? null : hashOf(present)) !== hash) return false;
        renameSync(temporary, target);
      } finally {
        rmSync(temporary, { force: true });
      }
      flush(dirname(target));
      return true;
    });
  }

  /** Where the bytes lie: a link is followed as far as it stays in its folder. */
  #target(): string {
    const folder = realpathSync(dirname(this.#path));
    const named = join(folder, basename(this.#path));
    if (!lstatSync(named, { throwIfNoEntry: false })?.isSymbolicLink()) return named;
    const target = realpathSync(named);
    if (dirname(target) === folder) return target;
    throw new HoldfastError('HF_CONFIG_FILE', `${this.#path} is a link that leaves its folder`, {
      details: { file: this.#path },
    });
  }

  #attempt<T>(what: 'read' | 'replaced', run: () => T): T {
    try {
      return run();
    } catch (cause) {
      if (cause instanceof HoldfastError) throw cause;
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
      throw new HoldfastError('HF_CONFIG_FILE', `${this.#path} could not be ${what}: ${code}`, {
        details: { file: this.#path, system: code },
        cause,
      });
    }
  }
}

export function corrupt(where: string, why: string): HoldfastError {
  return new HoldfastError(
    'HF_CONFIG_CORRUPT',
    `the configuration of ${where} is not changed: ${why}`,
    { details: { where } },
  );
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function bytesOf(path: string): Buffer | null {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
  const file = openSync(path, reading);
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw refused(path, 'is not a regular file');
    if (status.size > bytesMax) throw refused(path, `has more than ${bytesMax} bytes`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

const refused = (path: string, why: string) =>
  new HoldfastError('HF_CONFIG_FILE', `${path} ${why}`, { details: { file: path } });

function fill(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    // The mode of `open` loses what the umask takes.
    if (process.platform !== 'win32') fchmodSync(file, 0o600);
    writeFileSync(file, text, 'utf8');
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The new name itself survives a crash, where a folder can be flushed. */
function flush(folder: string): void {
  let handle: number | undefined;
  try {
    handle = openSync(folder, constants.O_RDONLY);
    fsyncSync(handle);
  } catch {
    // Windows and some network file systems refuse; the contents are flushed already.
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
