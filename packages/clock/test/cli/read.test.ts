import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodePng } from '@nn-lab/core/datasets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderClock } from '../../src/index.js';

const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const clock = encodePng(renderClock({ hour: 10, minute: 8 }));
let folder: string;
let server: Server;
let address: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-clock-read-'));
  await mkdir(join(folder, 'empty'));
  for (const name of ['a.png', 'c.png']) await writeFile(join(folder, name), clock);
  await writeFile(join(folder, 'b.png'), clock.subarray(0, 900));
  await writeFile(join(folder, 'notes.txt'), 'no picture');
  server = createServer((request, response) => {
    if (request.url !== '/clock') response.statusCode = 404;
    response.end(request.url === '/clock' ? clock : 'not here');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Runs `nn-clock read`, with bytes on its standard input. */
function read(args: readonly string[], input: Uint8Array = new Uint8Array()) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, [program, 'read', ...args], {
      timeout: 50_000,
      killSignal: 'SIGKILL',
    });
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (text) => {
        out[name] += text;
      });
    }
    child.stdin.on('error', () => {}); // It may leave before it has read all.
    child.stdin.end(input);
    child.on('close', (code) => resolve({ code, ...out }));
  });
}

describe('nn-clock read', () => {
  it('reads the good pictures of a folder, and says which are not', async () => {
    const { code, stdout, stderr } = await read([folder]);
    const sure = expect.stringMatching(/: 10:08 \(\d+.*% sure\)$/);
    expect(stdout.trimEnd().split('\n')).toEqual([sure, sure]);
    expect(stdout).toContain(join(folder, 'a.png'));
    expect(stderr).toMatch(/b\.png: a PNG is cut short/);
    expect(stderr).toMatch(/Read 2 of 3 pictures; the others are named above/);
    expect(code).toBe(1);
  }, 60_000);

  it('gives one document with --json, errors included', async () => {
    const bad = join(folder, 'b.png');
    const { code, stdout } = await read(['--json', join(folder, 'a.png'), bad]);
    const { readings, errors } = JSON.parse(stdout);
    expect(readings).toMatchObject([{ file: join(folder, 'a.png'), text: '10:08' }]);
    expect(errors).toEqual([{ file: bad, error: expect.stringContaining('cut short') }]);
    expect(code).toBe(1);
  }, 60_000);

  it('reads standard input and addresses', async () => {
    const { code, stdout } = await read(['-', `${address}/clock`], clock);
    expect(stdout).toMatch(/^standard input: 10:08/);
    expect(stdout).toContain(`${address}/clock: 10:08`);
    expect(code).toBe(0);
  }, 60_000);

  it.each<[what: string, args: () => string[], message: RegExp]>([
    ['standard input without a picture', () => ['-'], /standard input: .*the file is empty/],
    ['an address without one', () => [`${address}/none`], /cannot be fetched: HTTP 404 Not Found/],
    ['a folder without one', () => [join(folder, 'empty')], /has no pictures \(\.png/],
  ])(
    'refuses %s in one line',
    async (_, args, message) => {
      const { code, stdout, stderr } = await read(args());
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(message);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    },
    60_000,
  );
});
