/**
 * Secrets on the disk, one small text file per name: what the openclaw protocol's identity and
 * device tokens are kept in. It promises files that only their owner can read (0600, in a folder
 * made with 0700) and that are whole after a crash: a writer fills a temporary file beside the
 * target, flushes it, and renames it. It must never follow a link or open anything but a regular
 * file, never overwrite in `create`, never change the mode of a folder that it did not make, and
 * never put what is in a file into an error.
 */
import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { PrivateFolder } from '../ports.ts';

/** More than any identity or token needs. */
const bytesMax = 64 * 1024;

const flags =
  constants.O_RDONLY |
  // A link could point anywhere, and a pipe would keep us waiting. Windows knows neither flag.
  (constants.O_NOFOLLOW ?? 0) |
  (constants.O_NONBLOCK ?? 0);

/** Names no file until something is written; the folder is made then, with its parents. */
export function privateFiles(folder: string): PrivateFolder {
  return {
    async read(name) {
      const file = await openIfThere(pathOf(folder, name));
      if (file === null) return null;
      try {
        return await contentsOf(file, name);
      } finally {
        await file.close();
      }
    },
    async create(name, contents) {
      const target = pathOf(folder, name);
      const temporary = await write(folder, name, contents);
      try {
        await link(temporary, target);
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        if (!linkless.includes(codeOf(error))) throw error;
        return await createInPlace(target, contents);
      } finally {
        await rm(temporary, { force: true });
      }
      await flush(folder);
      return true;
    },
    async replace(name, contents) {
      const target = pathOf(folder, name);
      const temporary = await write(folder, name, contents);
      try {
        await rename(temporary, target);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await flush(folder);
    },
    async remove(name) {
      await rm(pathOf(folder, name), { force: true });
      await flush(folder);
    },
  };
}

function pathOf(folder: string, name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,127}$/.test(name)) throw new Error('not a plain file name');
  return join(folder, name);
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, flags);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function contentsOf(file: FileHandle, name: string): Promise<string> {
  const status = await file.stat();
  if (!status.isFile()) throw new Error(`${name} is not a regular file`);
  if (status.size > bytesMax) throw new Error(`${name} has more than ${bytesMax} bytes`);
  // Restored from a backup, perhaps. Nobody else reads it from now on.
  if (process.platform !== 'win32' && (status.mode & 0o077) !== 0) await file.chmod(0o600);
  const bytes = Buffer.alloc(bytesMax + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
    length += bytesRead;
    if (length > bytesMax) throw new Error(`${name} has more than ${bytesMax} bytes`);
    if (bytesRead === 0) return bytes.toString('utf8', 0, length);
  }
}

/** A flushed temporary file beside its target; whoever fails removes what it began. */
async function write(folder: string, name: string, contents: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `.${name}.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await fill(temporary, contents);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return temporary;
}

async function fill(path: string, contents: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    // The mode of `open` loses what the umask takes.
    if (process.platform !== 'win32') await file.chmod(0o600);
    await file.writeFile(contents, 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
}

/** What file systems without hard links answer to `link`. */
const linkless: readonly unknown[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Exclusive still; a crash half-way leaves a file that will not be believed. */
async function createInPlace(target: string, contents: string): Promise<boolean> {
  try {
    await fill(target, contents);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The new name itself survives a crash, where a folder can be flushed. */
async function flush(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, constants.O_RDONLY);
    await handle.sync();
  } catch {
    // Windows and some network file systems refuse; the contents are flushed already.
  } finally {
    await handle?.close();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
