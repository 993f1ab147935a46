import { checkOptions } from '../../checks/index.js';
import { Work } from '../../work.js';
import { type NpyArray, readNpy } from './npy.js';
import { readZip, type UnzipOptions, unzipChecks } from './zip.js';

/**
 * Reads a `.npz` file, the archive of `numpy.savez` and `numpy.savez_compressed`.
 *
 * @returns The arrays by their names, without `.npy`.
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 * @throws DataFormatError when the archive or an array in it cannot be read, or exceeds a limit.
 */
export async function parseNpz(
  bytes: Uint8Array,
  options: UnzipOptions = {},
): Promise<Map<string, NpyArray>> {
  checkOptions(options, unzipChecks);
  const { source = 'npz' } = options;
  const work = new Work(options);
  const arrays = new Map<string, NpyArray>();
  for (const [name, content] of await readZip(bytes, { ...options, source }, work)) {
    arrays.set(name.replace(/\.npy$/, ''), await readNpy(content, `${source}/${name}`, work));
  }
  return arrays;
}
