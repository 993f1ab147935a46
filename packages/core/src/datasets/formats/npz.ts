import { type NpyArray, parseNpy } from './npy.js';
import { type UnzipOptions, unzip } from './zip.js';

/**
 * Reads a `.npz` file, the archive of `numpy.savez` and `numpy.savez_compressed`.
 *
 * @returns The arrays by their names, without `.npy`.
 * @throws DataFormatError when the archive or an array in it cannot be read, or exceeds a limit.
 */
export async function parseNpz(
  bytes: Uint8Array,
  options: UnzipOptions = {},
): Promise<Map<string, NpyArray>> {
  const { source = 'npz' } = options;
  const arrays = new Map<string, NpyArray>();
  for (const [name, content] of await unzip(bytes, { ...options, source })) {
    arrays.set(name.replace(/\.npy$/, ''), parseNpy(content, { source: `${source}/${name}` }));
  }
  return arrays;
}
