// Makes packages/core/src/datasets/formats/webp-codec-embedded.ts of the installed @jsquash/webp: as
// text in a module, the WebAssembly of its decoder goes through every bundler.
//
//   node tools/embed-webp-codec.mjs
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { deflateRawSync } from 'node:zlib';

const { resolve } = createRequire(new URL('../packages/core/package.json', import.meta.url));
const wasm = await readFile(resolve('@jsquash/webp/codec/dec/webp_dec.wasm'));
const { version } = JSON.parse(await readFile(resolve('@jsquash/webp/package.json'), 'utf8'));
const packed = deflateRawSync(wasm, { level: 9 }).toString('base64');
const out = new URL(
  '../packages/core/src/datasets/formats/webp-codec-embedded.ts',
  import.meta.url,
);
await writeFile(
  out,
  `// Made by tools/embed-webp-codec.mjs of @jsquash/webp ${version}: libwebp under its BSD license, with the
// bindings of Squoosh and jSquash under Apache 2.0: see NOTICE. Do not edit.

/** Bytes of the module. */
export const size = ${wasm.length};

/** Base64 of raw deflate of codec/dec/webp_dec.wasm. */
export const packed: string =
  '${packed}';
`,
);
console.error(`${out.pathname}: ${wasm.length} bytes packed into ${packed.length} characters`);
