import * as tf from '@tensorflow/tfjs';
import { ClockReader } from './clock-reader.js';
import { buildReaderNetwork } from './networks.js';

/**
 * The reader that comes with the package, trained by `nn-clock train --preset quick` on rendered clocks
 * of the course's look; `reader.metrics.json` beside the package's README says how well it reads. Its
 * weights (337 kB) are loaded with the first call.
 *
 * @returns A reader on the backend that tfjs uses now; the caller disposes it.
 *
 * @example
 * ```ts
 * const reader = await loadPretrainedReader();
 * const { text } = await reader.read(renderClock({ hour: 10, minute: 8 })); // '10:08'
 * reader.dispose();
 * ```
 */
export async function loadPretrainedReader(): Promise<ClockReader> {
  const { weightNames, weightValues } = await import('./pretrained-weights.js');
  const bytes = Uint8Array.from(atob(weightValues), (character) => character.charCodeAt(0));
  const values = new Float32Array(bytes.buffer);
  const model = buildReaderNetwork();
  const variables = new Map(model.weights.map((weight) => [weight.originalName, weight]));
  let at = 0;
  for (const name of weightNames) {
    const weight = variables.get(name)!;
    const shape = weight.shape as number[];
    const size = shape.reduce((product, length) => product * length, 1);
    const value = tf.tensor(values.subarray(at, at + size), shape);
    weight.write(value);
    value.dispose();
    at += size;
  }
  return new ClockReader(model);
}
