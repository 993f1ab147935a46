import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesOf } from './node.mjs';

/**
 * Type-checks a small program that imports every entry, under the ways in which projects resolve
 * modules today. An entry whose types are not found would be an error; one whose types are `any`
 * is made one.
 */
export async function checkTypes({
  root,
  consumer,
  packages,
  check,
  run,
  compiler = join(root, 'node_modules/typescript/bin/tsc'),
  entries: more = [],
  skipLibCheck = true,
}) {
  const entries = packages
    .flatMap(({ manifest }) => entriesOf(manifest, ['node', 'import', 'default']))
    .concat(more);
  const imports = entries.map((entry, index) => `import * as entry${index} from '${entry}';`);
  const uses = entries.map(
    (_, index) => `export const used${index}: Typed<typeof entry${index}> = entry${index};`,
  );
  const program = `${imports.join('\n')}
type Typed<T> = 0 extends 1 & T ? never : keyof T extends never ? never : T;
${uses.join('\n')}
`;
  await writeFile(join(consumer, 'consumer.ts'), program);
  for (const resolution of ['node16', 'nodenext', 'bundler']) {
    await check(`types of ${entries.length} entries, moduleResolution ${resolution}`, async () => {
      const config = {
        compilerOptions: {
          target: 'es2022',
          lib: ['es2023', 'dom', 'dom.iterable'],
          module: resolution === 'bundler' ? 'esnext' : resolution,
          moduleResolution: resolution,
          types: [],
          strict: true,
          noEmit: true,
          skipLibCheck,
        },
        files: ['consumer.ts'],
      };
      const file = join(consumer, `tsconfig.${resolution}.json`);
      await writeFile(file, JSON.stringify(config));
      await run(process.execPath, [compiler, '-p', file], {
        cwd: consumer,
        maxBuffer: 2 ** 24,
      });
    });
  }
}
