import { execFile } from 'node:child_process';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
let workspace: string;
beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'add-a-project-'));
});
afterAll(() => rm(workspace, { recursive: true, force: true }));

/** The files of the page "Add a project": each block of code with the path named above it. */
async function filesOfPage(): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const guide = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8');
  const page = guide.split('\n## Add a project\n')[1]!.split('\n## ')[0]!;
  return [...page.matchAll(/^`(packages\/[^`]+)`\n\n```\w+\n([\s\S]*?)^```/gm)].map(
    ([, path, text]) => ({ path: path!, text: text! }),
  );
}

/** A workspace with what is in this one already, and the files of the page. */
async function followPage(): Promise<string> {
  await symlink(join(root, 'node_modules'), join(workspace, 'node_modules'));
  await copyFile(join(root, 'tsconfig.base.json'), join(workspace, 'tsconfig.base.json'));
  await mkdir(join(workspace, 'packages'));
  for (const name of ['core', 'backend-simd']) {
    await symlink(join(root, 'packages', name), join(workspace, 'packages', name));
  }
  for (const { path, text } of await filesOfPage()) {
    await mkdir(dirname(join(workspace, path)), { recursive: true });
    await writeFile(join(workspace, path), text);
  }
  const project = join(workspace, 'packages/line');
  await copyFile(join(root, 'packages/xor/tsconfig.json'), join(project, 'tsconfig.json'));
  return project;
}

test('the page "Add a project" makes a project in under 60 lines that builds and runs', async () => {
  const files = await filesOfPage();
  expect(files).toHaveLength(3);
  const lines = files.flatMap(({ text }) => text.trimEnd().split('\n'));
  expect(lines.length).toBeLessThan(60);

  const project = await followPage();
  // What runs this test is nothing to the project.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(INIT_CWD|NX_|npm_)/.test(name)),
  );
  const node = (...args: string[]) =>
    promisify(execFile)(process.execPath, args, { cwd: project, env });
  // Against what is built of core, as outside of the workspace: its sources are not linked here.
  await node(
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    '.',
    '--customConditions',
    'null',
  );

  const { stdout } = await node('dist/cli.js', 'train', '--json', '--epochs=100');
  const { out, slope, seed } = JSON.parse(stdout);
  expect(out).toBe(join(project, 'runs/line/train'));
  expect(seed).toBe(42);
  expect(slope).toBeCloseTo(2, 1);
  expect(await readdir(out)).toEqual(
    expect.arrayContaining(['config.json', 'metrics.json', 'plots']),
  );
  expect(await readdir(join(out, 'plots'))).toEqual(['slope.png', 'slope.svg']);
  await expect(node('dist/cli.js', 'train')).rejects.toThrow('holds a finished run already');
}, 60_000);
