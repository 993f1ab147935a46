import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { type FileHandle, link, lstat, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { InvalidArgumentError } from '../errors.js';

const lockName = '.lock';

/** No lock of ours is longer. */
const longestLock = 4096;

/** How long a living process may take over a lock, in milliseconds, before others give up. */
const takeoverPatience = 5000;

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the holding process began, in clock ticks since boot, where the system tells (Linux). */
  readonly processStart?: string;
  /** Tells the locks of one process apart. */
  readonly id?: string;
}

/**
 * Takes a folder for this process alone, with a file `.lock` that names it. A lock whose process
 * is gone is taken over. It goes with the process at the latest.
 *
 * @returns gives the folder back; calling it again does nothing.
 * @throws InvalidArgumentError when another process holds the folder, or `.lock` is not a lock.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const path = join(folder, lockName);
  const start = processStart(process.pid);
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    ...(start !== undefined && { processStart: start }),
    id: randomUUID(),
  };
  const text = JSON.stringify(mine);
  const holder = await acquire(path, text);
  if (holder) throw heldBy(holder, folder, path);
  const release = () => {
    process.off('exit', release);
    removeOwn(path, text);
  };
  process.on('exit', release);
  return release;
}

/**
 * Writes `text` as the lock at `path`, once whoever held it is gone.
 *
 * A stale lock is replaced under a lock of its own, `<path>.takeover`, and is read again there:
 * of several processes that found it stale, one replaces it and the others find the new one. A
 * process that dies meanwhile leaves a stale takeover, which is taken over in the same way.
 *
 * @returns the living holder when there is one.
 */
async function acquire(path: string, text: string): Promise<Holder | undefined> {
  for (;;) {
    if (await createWhole(path, text)) return undefined;
    const found = await readLock(path);
    if (found === undefined) continue;
    const holder = livingHolder(found, path);
    if (holder) return holder;

    const takeover = `${path}.takeover`;
    const rival = await acquirePatiently(takeover, text);
    if (rival) return rival;
    try {
      if ((await readLock(path)) === found) {
        await replaceWhole(path, text);
        return undefined;
      }
    } finally {
      removeOwn(takeover, text);
    }
  }
}

/** Waits for a living process that is taking over: it needs milliseconds. */
async function acquirePatiently(path: string, text: string): Promise<Holder | undefined> {
  const end = performance.now() + takeoverPatience;
  for (;;) {
    const holder = await acquire(path, text);
    if (!holder || performance.now() > end) return holder;
    await wait(5);
  }
}

/** Creates the file with its content in one step; false when it is there already. */
async function createWhole(path: string, text: string): Promise<boolean> {
  const temporary = await writeTemporary(path, text);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Whoever holds the folder by now may have cleared the temporary file away.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    if (!fileSystemsWithoutLinks.includes(code ?? '')) throw error;
    return await createInTwoSteps(path, text);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** What FAT and some network file systems answer to a hard link. */
const fileSystemsWithoutLinks = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

async function createInTwoSteps(path: string, text: string): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  return (await readLock(path)) === text;
}

async function replaceWhole(path: string, text: string): Promise<void> {
  const temporary = await writeTemporary(path, text);
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function writeTemporary(path: string, text: string): Promise<string> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.part`);
  const file = await open(temporary, 'wx');
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  return temporary;
}

/**
 * The text of a lock, or undefined when it has just gone. An empty one may be in the making where
 * files cannot be linked.
 */
async function readLock(path: string): Promise<string | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      const stats = await lstat(path);
      if (!stats.isFile() || stats.size > longestLock) throw notALock(path);
      const text = await readFile(path, 'utf8');
      if (text !== '' || attempt === 20) return text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    await wait(10);
  }
}

/** Who holds the lock of this text, unless they are gone or it was cut short by a crash. */
function livingHolder(text: string, path: string): Holder | undefined {
  let holder: Partial<Holder> | null;
  try {
    holder = JSON.parse(text) as Partial<Holder> | null;
  } catch {
    const beginning = '{"pid":';
    if (text.startsWith(beginning) || beginning.startsWith(text)) return undefined;
    throw notALock(path);
  }
  if (!Number.isInteger(holder?.pid) || typeof holder?.host !== 'string') throw notALock(path);
  return isAlive(holder as Holder) ? (holder as Holder) : undefined;
}

function isAlive(holder: Holder): boolean {
  // Nothing can be known of a process on another machine.
  if (holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // The number may belong to a later process by now.
  const start = processStart(holder.pid);
  return !start || !holder.processStart || start === holder.processStart;
}

function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function removeOwn(path: string, text: string): void {
  try {
    if (readFileSync(path, 'utf8') === text) rmSync(path);
  } catch {
    // Gone already, with its folder: there is nothing to give back.
  }
}

function notALock(path: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `${path} is in the way: it is not the lock of a run. Move it away, or give another folder with --out.`,
  );
}

function heldBy(holder: Holder, folder: string, path: string): InvalidArgumentError {
  const where = holder.host === hostname() ? '' : ` on ${holder.host}`;
  return new InvalidArgumentError(
    `Another run (process ${holder.pid}${where}) is using ${folder}. Wait for it or stop it, or give another folder with --out; if it is gone, delete ${path}.`,
  );
}
