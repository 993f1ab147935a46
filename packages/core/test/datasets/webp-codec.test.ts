import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { inflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { packed } from '../../src/datasets/formats/webp-codec-embedded.js';

it('the embedded WebP decoder is the one of the installed @jsquash/webp', async () => {
  const { resolve } = createRequire(import.meta.url);
  const wasm = await readFile(resolve('@jsquash/webp/codec/dec/webp_dec.wasm'));
  const embedded = inflateRawSync(Buffer.from(packed, 'base64'));
  expect(Buffer.compare(embedded, wasm), 'run node tools/embed-webp-codec.mjs').toBe(0);
});
