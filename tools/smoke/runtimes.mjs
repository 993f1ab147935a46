import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { checkInNode } from './node.mjs';
import { checkServed, serverProgram } from './server.mjs';
import { checkTypes } from './types.mjs';

/** Runs the packages in other runtimes and under other versions of TypeScript. */
export async function checkRuntimes(setting) {
  const { consumer, packages, check, skip, run } = setting;
  const modules = join(consumer, 'node_modules');
  await writeFile(join(consumer, 'server.mjs'), serverProgram);

  const binaries = {
    Bun: { folder: '@oven', file: 'bin/bun', args: [] },
    Deno: {
      folder: '@deno',
      file: 'deno',
      args: ['run', '-A', '--no-config', '--node-modules-dir=manual'],
    },
  };
  for (const [runtime, { folder, file, args }] of Object.entries(binaries)) {
    const [built] = await readdir(join(modules, folder)).catch(() => []);
    if (!built) {
      skip(`a program in ${runtime}`, 'npm has no build of it for this machine');
      continue;
    }
    const binary = join(modules, folder, built, file);
    await check(`a program in ${runtime}`, () =>
      checkServed(setting, binary, [...args, 'server.mjs'], consumer),
    );
  }

  for (const major of nodeVersions) {
    const binary = join(modules, `node${major}/bin/node`);
    const version = await run(binary, ['--version']).catch(() => undefined);
    if (!version) {
      skip(`Node ${major}`, 'npm has no build of it for this machine');
      continue;
    }
    const bin = join(consumer, `node${major}`);
    await mkdir(bin);
    await symlink(binary, join(bin, 'node'));
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
    const label = version.stdout.trim();
    await check(`a program in Node ${label}`, () =>
      checkServed(setting, binary, ['server.mjs'], consumer),
    );
    await checkInNode({
      ...setting,
      packages,
      node: binary,
      check: (name, work) => check(`${name}, Node ${label}`, work),
      run: (program, args, options) => run(program, args, { env, ...options }),
    });
  }

  for (const version of typescriptVersions) {
    await checkTypes({
      ...setting,
      compiler: join(modules, `typescript${version}/bin/tsc`),
      check: (name, work) => check(`${name}, TypeScript ${version}`, work),
    });
  }
}

const nodeVersions = [22, 24, 26];
const typescriptVersions = ['5.4', '7.0'];

/** What {@link checkRuntimes} needs, as npm installs it. */
export const runtimes = [
  'bun@1',
  'deno@2',
  ...nodeVersions.map(
    (major) => `node${major}@npm:node-${process.platform}-${process.arch}@${major}`,
  ),
  ...typescriptVersions.map((version) => `typescript${version}@npm:typescript@${version}`),
];
