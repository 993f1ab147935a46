// Compiles assembly/index.ts of the package in the current folder twice, with plain and with relaxed
// SIMD, and writes both modules as base64 strings into src/generated/kernels.ts.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import asc from 'assemblyscript/asc';

const root = process.cwd();
const target = join(root, 'src', 'generated', 'kernels.ts');

/** One module: no runtime, no garbage collector, its shared memory imported as `env.memory`. */
async function compile(features) {
  let wasm;
  const memory = [
    '--importMemory',
    '--noExportMemory',
    '--sharedMemory',
    '--maximumMemory',
    '65536',
  ];
  const { error, stderr } = await asc.main(
    [
      'assembly/index.ts',
      ...['-O3', '--noAssert', '--runtime', 'stub', ...memory],
      ...['--baseDir', root, '--outFile', 'kernels.wasm', '--use', 'abort='],
      ...features.flatMap((feature) => ['--enable', feature]),
    ],
    {
      writeFile(name, contents) {
        if (name.endsWith('.wasm')) wasm = contents;
      },
    },
  );
  const messages = stderr.toString();
  if (messages) process.stderr.write(messages);
  if (error || !wasm) throw error ?? new Error('asc wrote no module');
  return wasm;
}

const plain = await compile(['simd', 'threads']);
const relaxed = await compile(['simd', 'threads', 'relaxed-simd']);

const source = `// Written by tools/build-wasm.mjs from assembly/: do not edit.

/** The kernels with plain SIMD, base64 of a WebAssembly module that imports a shared \`env.memory\`. */
export const plain =
  '${Buffer.from(plain).toString('base64')}';

/** The same kernels with fused multiply-add from relaxed SIMD. */
export const relaxed =
  '${Buffer.from(relaxed).toString('base64')}';
`;
await mkdir(dirname(target), { recursive: true });
await writeFile(`${target}.part`, source);
await rename(`${target}.part`, target);
process.stdout.write(`plain ${plain.length} bytes, relaxed ${relaxed.length} bytes -> ${target}\n`);
