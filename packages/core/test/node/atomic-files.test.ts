import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isUnfinishedFile, writeFileAtomic } from '../../src/node/atomic-files.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atomic-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('writeFileAtomic', () => {
  test('writes a new file and replaces an old one, leaving nothing else', async () => {
    const path = join(folder, 'a.json');
    await writeFileAtomic(path, 'first, and longer');
    await writeFileAtomic(path, new Uint8Array([50, 51]));
    expect(await readFile(path, 'utf8')).toBe('23');
    expect(await readdir(folder)).toEqual(['a.json']);
  });

  test('a reader never sees part of a file', async () => {
    const path = join(folder, 'a.bin');
    const versions = [1, 2, 3, 4, 5, 6].map((value) => new Uint8Array(300_000).fill(value));
    await writeFileAtomic(path, versions[0]!);
    let writing = true;
    const reader = (async () => {
      while (writing) {
        const bytes = await readFile(path);
        expect(bytes.length).toBe(300_000);
        expect(bytes.every((value) => value === bytes[0])).toBe(true);
      }
    })();
    for (const version of versions) await writeFileAtomic(path, version);
    writing = false;
    await reader;
  });

  test('writers at the same time leave one whole file', async () => {
    const path = join(folder, 'a.txt');
    const texts = Array.from({ length: 8 }, (_, index) => String(index).repeat(50_000));
    await Promise.all(texts.map((text) => writeFileAtomic(path, text)));
    expect(texts).toContain(await readFile(path, 'utf8'));
    expect(await readdir(folder)).toEqual(['a.txt']);
  });

  test('keeps the old file and leaves no other when it fails, and names the path', async () => {
    const path = join(folder, 'taken');
    await mkdir(path);
    await writeFile(join(path, 'inside'), 'kept');
    await expect(writeFileAtomic(path, 'text')).rejects.toMatchObject({ path });
    expect(await readdir(folder)).toEqual(['taken']);
    const missing = join(folder, 'missing', 'a.txt');
    await expect(writeFileAtomic(missing, 'text')).rejects.toMatchObject({
      code: 'ENOENT',
      path: missing,
    });
  });

  test.skipIf(process.getuid?.() === 0)('names the path where writing is forbidden', async () => {
    await chmod(folder, 0o500);
    const path = join(folder, 'a.txt');
    await expect(writeFileAtomic(path, 'text')).rejects.toMatchObject({ code: 'EACCES', path });
    await chmod(folder, 0o700);
  });
});

test('the names of unfinished files are told from others', async () => {
  expect(isUnfinishedFile('.weights.bin.0123abcd.part')).toBe(true);
  for (const name of ['weights.bin', '.lock', 'a.part', '.part', '.a.part']) {
    expect(isUnfinishedFile(name)).toBe(false);
  }
});
