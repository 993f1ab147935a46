import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { InvalidArgumentError } from '../errors.js';

const lockName = '.lock';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the holding process began, in clock ticks since boot, where the system tells (Linux). */
  readonly processStart?: string;
}

/**
 * Takes a folder for this process alone, with a file `.lock` that names it. A lock whose process
 * is gone is taken over. It goes with the process at the latest.
 *
 * @returns gives the folder back; calling it again does nothing.
 * @throws InvalidArgumentError when another process holds the folder.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const path = join(folder, lockName);
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    ...(processStart(process.pid) && { processStart: processStart(process.pid) }),
  };
  const text = JSON.stringify(mine);
  while (!(await created(path, text))) {
    const found = await readLock(path);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder && isAlive(holder)) throw heldBy(holder, folder, path);
    await removeStale(path, found);
  }
  const release = () => {
    process.off('exit', release);
    try {
      if (readFileSync(path, 'utf8') === text) rmSync(path);
    } catch {
      // Gone already, with its folder: there is nothing to give back.
    }
  };
  process.on('exit', release);
  return release;
}

async function created(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    try {
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The text of a lock, or undefined when it has just gone. An empty one is being written. */
async function readLock(path: string): Promise<string | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      const text = await readFile(path, 'utf8');
      if (text !== '' || attempt === 20) return text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    await wait(10);
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return Number.isInteger(holder?.pid) && typeof holder?.host === 'string'
      ? (holder as Holder)
      : undefined;
  } catch {
    return undefined;
  }
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

/** Moves the lock away, so that of several processes only one removes it. */
async function removeStale(path: string, expected: string): Promise<void> {
  const aside = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Somebody was faster: what was moved is their new lock, and goes back.
  if ((await readFile(aside, 'utf8')) !== expected) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

function heldBy(holder: Holder, folder: string, path: string): InvalidArgumentError {
  const where = holder.host === hostname() ? '' : ` on ${holder.host}`;
  return new InvalidArgumentError(
    `Another run (process ${holder.pid}${where}) is using ${folder}. Wait for it or stop it, or give another folder with --out; if it is gone, delete ${path}.`,
  );
}
