import type { WebPModule } from '@jsquash/webp/codec/dec/webp_dec.js';
import { inflate } from './inflate.js';

/** Decodes the pixels of a whole WebP file to RGBA; rejects when it cannot. */
export async function decodeWebpPixels(
  bytes: Uint8Array,
): Promise<{ readonly width: number; readonly height: number; readonly data: Uint8Array }> {
  const codec = await instantiateCodec();
  const image = codec.decode(bytes as Uint8Array<ArrayBuffer>);
  if (!image) throw new Error('the decoder found an error in it');
  const { width, height, data } = image;
  return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}

/**
 * An instance for one picture: its memory goes with it (a WebAssembly memory never shrinks), and a
 * picture that breaks it breaks no other.
 */
async function instantiateCodec(): Promise<WebPModule> {
  const [{ default: createCodec }, module] = await loadCodec();
  return new Promise((resolve, reject) => {
    createCodec({
      noInitialRun: true,
      // Without it the glue looks for the file beside itself, where a bundle has none.
      locateFile: (file: string) => file,
      instantiateWasm(
        imports: WebAssembly.Imports,
        done: (instance: WebAssembly.Instance) => void,
      ) {
        WebAssembly.instantiate(module, imports).then(done).catch(reject);
        return {};
      },
    }).then(resolve, reject);
  });
}

let loaded: ReturnType<typeof load> | undefined;

function loadCodec(): ReturnType<typeof load> {
  loaded ??= load().catch((error) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function load() {
  const [glue, { packed, size }] = await Promise.all([
    import('@jsquash/webp/codec/dec/webp_dec.js'),
    import('./webp-codec-embedded.js'),
  ]);
  const compressed = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const wasm = await inflate(compressed, 'deflate-raw', {
    source: 'embedded WebP decoder',
    maxBytes: size,
  });
  return [glue, await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>)] as const;
}
