import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../src/node/model-files.js';
import { readPlainFile } from '../../src/node/read-plain-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-lab-plain-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('readPlainFile', () => {
  it('gives the bytes of a file, through a link too', async () => {
    const path = join(folder, 'file');
    await writeFile(path, Uint8Array.of(1, 2, 3));
    await symlink(path, join(folder, 'link'));
    expect(await readPlainFile(path)).toEqual(Uint8Array.of(1, 2, 3));
    expect(await readPlainFile(join(folder, 'link'))).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('opens nothing that is no file', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const socket = join(folder, 'socket');
    const server = createServer().listen(socket);
    await new Promise((done) => server.once('listening', done));
    await expect(readPlainFile(pipe)).rejects.toThrow('it is a pipe');
    await expect(readPlainFile(socket)).rejects.toThrow('it is a socket');
    await expect(readPlainFile(folder)).rejects.toThrow('it is a folder');
    await expect(readPlainFile('/dev/zero')).rejects.toThrow('it is a device');
    server.close();
  });

  it('says what is not there, and what is too large', async () => {
    await expect(readPlainFile(join(folder, 'none'))).rejects.toThrow('there is no such file');
    await expect(readPlainFile(join(folder, 'file', 'in'))).rejects.toThrow('no such file');
    const large = join(folder, 'large');
    await writeFile(large, '');
    await truncate(large, 2 ** 40);
    await expect(readPlainFile(large)).rejects.toThrow(
      'it has 1099511627776 bytes, more than the 1073741824 that are allowed',
    );
    await expect(readPlainFile(join(folder, 'file'), { maxBytes: 2 })).rejects.toThrow('3 bytes');
  });
});

describe('loadModel', () => {
  it('refuses a model.json that is a pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'model.json')]);
    await expect(loadModel(folder)).rejects.toThrow(/model\.json cannot be read: it is a pipe/);
  });
});
