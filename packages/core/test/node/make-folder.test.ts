import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeFolder } from '../../src/node/make-folder.js';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'make-folder-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe('makeFolder', () => {
  test('makes a folder with its parents, and is content with one that is there', async () => {
    const path = join(base, 'a/b/c');
    await makeFolder(path);
    await makeFolder(path);
    await makeFolder('/');
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  test('follows a link to a folder', async () => {
    await symlink(base, join(base, 'link'));
    await makeFolder(join(base, 'link'));
    await makeFolder(join(base, 'link/inside'));
    expect(existsSync(join(base, 'inside'))).toBe(true);
  });

  test('can be called for the same folder by many at once', async () => {
    const path = join(base, 'x/y/z');
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(path)));
    expect((await stat(path)).isDirectory()).toBe(true);
  });

  test('names the path where a file is in the way', async () => {
    const file = join(base, 'file');
    await writeFile(file, '');
    await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST', path: file });
    await expect(makeFolder(join(file, 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  test.skipIf(process.platform !== 'linux')(
    'returns where the system will never make one',
    async () => {
      await expect(makeFolder('/proc/nowhere/run')).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );
});
