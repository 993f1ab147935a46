import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InvalidArgumentError } from '../errors.js';
import { isUnfinishedFile, unfinishedFileOf, writeFileAtomic } from '../node/atomic-files.js';
import { isCheckpointFile, listCheckpoints } from '../node/checkpoint-files.js';
import { kindOf, readPlainFile } from '../node/read-plain-file.js';

/** The file that makes a folder a run's: whose run it is, and which files are the run's own. */
const markerName = '.nn-lab-run.json';

/** The folders that runs have. */
const places = ['checkpoints', 'model', 'plots'];

/**
 * The files of one run in its folder. A file belongs to the run once it is claimed, which the
 * marker keeps on the disk; whatever else lies in the folder is somebody else's, whatever its name.
 */
export class RunFiles {
  private constructor(
    readonly folder: string,
    readonly project: string,
    private readonly claimed: Set<string>,
  ) {}

  /** Marks a folder as that of a run that has no file yet. */
  static async begin(folder: string, project: string): Promise<RunFiles> {
    const files = new RunFiles(folder, project, new Set());
    await files.save();
    return files;
  }

  /** The run that a folder is marked as, if it is marked. */
  static async find(folder: string): Promise<RunFiles | undefined> {
    const marker = await readMarker(join(folder, markerName));
    return marker && new RunFiles(folder, marker.project, new Set(marker.files));
  }

  /**
   * Makes files the run's own, before they are written.
   *
   * @param names paths from the folder on, with `/` between their parts.
   * @throws InvalidArgumentError when one of them is there already and not the run's.
   */
  async claim(names: readonly string[]): Promise<void> {
    const fresh = names.filter((name) => !this.claimed.has(name));
    await this.requireFree(fresh);
    if (fresh.length === 0) return;
    for (const name of fresh) this.claimed.add(name);
    await this.save();
  }

  /**
   * Checks that files could be claimed, and changes nothing.
   *
   * @throws InvalidArgumentError when one of them is there already and not the run's.
   */
  async requireFree(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (!this.claimed.has(name) && (await this.lookUp(name)) !== 'nothing') {
        throw this.inTheWay(name);
      }
    }
  }

  /**
   * The run's files that are there.
   *
   * @throws InvalidArgumentError when something else has taken the place of one, or of a folder.
   */
  async list(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const name of this.claimed) {
      const kind = await this.lookUp(name);
      if (kind === 'file') found.push(name);
      else if (kind !== 'nothing') throw this.inTheWay(name);
    }
    for (const place of places) await this.hasFolder(place);
    const checkpoints = await listCheckpoints(join(this.folder, 'checkpoints'));
    return [...new Set([...found, ...checkpoints.map((name) => `checkpoints/${name}`)])];
  }

  /** Removes what a killed process left unfinished of the run's files. */
  async removeUnfinished(): Promise<void> {
    const names = [...this.claimed, markerName, '.lock'];
    for (const place of new Set([...names.map((name) => dirname(name)), 'checkpoints'])) {
      if (place !== '.' && !(await this.hasFolder(place))) continue;
      for (const entry of await readdir(join(this.folder, place))) {
        if (!isUnfinishedFile(entry)) continue;
        const whole = unfinishedFileOf(entry);
        const isOurs =
          names.includes(place === '.' ? whole : `${place}/${whole}`) ||
          (place === 'checkpoints' && isCheckpointFile(whole));
        if (isOurs) await rm(join(this.folder, place, entry), { force: true });
      }
    }
  }

  /** Removes the run's files, and those of their folders that are empty then. */
  async remove(): Promise<void> {
    const files = await this.list();
    for (const name of files) await rm(join(this.folder, name), { force: true });
    const places = new Set(files.flatMap((name) => foldersOf(name)).concat('checkpoints'));
    for (const place of [...places].sort((a, b) => b.length - a.length)) {
      await rmdir(join(this.folder, place)).catch(() => {
        // Not empty, and then it stays, with what is not the run's.
      });
    }
  }

  private async save(): Promise<void> {
    const marker = { nnLabRun: 1, project: this.project, files: [...this.claimed].sort() };
    await writeFileAtomic(
      join(this.folder, markerName),
      `${JSON.stringify(marker, undefined, 2)}\n`,
    );
  }

  /** What is at a name; a link is none of the run's, which makes no links. */
  private async lookUp(name: string): Promise<ReturnType<typeof kindOf> | 'nothing'> {
    for (const place of foldersOf(name)) {
      if (!(await this.hasFolder(place))) return 'nothing';
    }
    return kindAt(join(this.folder, name));
  }

  private async hasFolder(place: string): Promise<boolean> {
    const kind = await kindAt(join(this.folder, place));
    if (kind !== 'nothing' && kind !== 'folder') throw this.inTheWay(place);
    return kind === 'folder';
  }

  private inTheWay(name: string): InvalidArgumentError {
    return new InvalidArgumentError(
      `${join(this.folder, name)} is in the way: it is not of the run. Move it away, or give another folder with --out.`,
    );
  }
}

/** `plots` and `plots/maps` of `plots/maps/a.svg`. */
function foldersOf(name: string): string[] {
  const parts = name.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

async function kindAt(path: string): Promise<ReturnType<typeof kindOf> | 'nothing'> {
  return lstat(path).then(kindOf, (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return 'nothing' as const;
    throw error;
  });
}

interface Marker {
  readonly project: string;
  readonly files: readonly string[];
}

/** A marker that is not quite ours marks nothing: the folder is somebody else's. */
async function readMarker(path: string): Promise<Marker | undefined> {
  if ((await kindAt(path)) !== 'file') return undefined;
  const bytes = await readPlainFile(path, { maxBytes: 2 ** 24 }).catch(() => undefined);
  if (!bytes) return undefined;
  try {
    const marker = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Marker & { nnLabRun: 1 }>;
    const { nnLabRun, project, files } = marker;
    const isMarker =
      nnLabRun === 1 &&
      typeof project === 'string' &&
      Array.isArray(files) &&
      files.every(isNameInFolder);
    return isMarker ? { project, files } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a name leads to a place in the folder, and to nothing of the frame's own. */
export function isNameInFolder(name: unknown): name is string {
  if (typeof name !== 'string' || name === '') return false;
  const parts = name.split('/');
  return parts.every((part) => !['', '.', '..'].includes(part)) && basename(name) !== markerName;
}
