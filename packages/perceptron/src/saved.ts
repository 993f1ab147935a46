import { DataFormatError } from '@nn-lab/core/errors';
import type { PerceptronMethod } from './perceptron.js';

/** A perceptron as it is written to a file. */
export interface PerceptronJson {
  readonly format: 'nn-lab/perceptron';
  readonly version: 1;
  readonly method: PerceptronMethod;
  readonly classes: number;
  readonly features: number;
  /** `[features + 1, classes]`, row by row, the bias last. */
  readonly weights: readonly number[];
  /** FNV-1a over the bytes of the weights: damage does not pass for another model. */
  readonly checksum: string;
}

interface Parts {
  readonly method: PerceptronMethod;
  readonly classes: number;
  readonly features: number;
  readonly weights: Float64Array;
}

const format = 'nn-lab/perceptron';

export function writePerceptronJson({ method, classes, features, weights }: Parts): PerceptronJson {
  return {
    format,
    version: 1,
    method,
    classes,
    features,
    weights: Array.from(weights),
    checksum: checksumOf(weights),
  };
}

/** @throws DataFormatError when the value is not what `writePerceptronJson` gave. */
export function readPerceptronJson(json: unknown, source: string): Parts {
  const refuse = (found: string): never => {
    throw new DataFormatError(
      `Expected a perceptron saved by @nn-lab/perceptron in ${source}, but ${found}.`,
      { source },
    );
  };
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return refuse('it holds something else');
  }
  const saved = json as Partial<Record<keyof PerceptronJson, unknown>>;
  if (saved.format !== format) {
    return refuse(
      saved.format === undefined
        ? 'it has no format tag'
        : `its format is ${JSON.stringify(saved.format)}`,
    );
  }
  if (saved.version !== 1) {
    return refuse(`its version is ${JSON.stringify(saved.version)}: this package reads version 1`);
  }
  const { method, classes, features, weights } = saved;
  if (method !== 'batch' && method !== 'online' && method !== 'averaged') {
    return refuse(`its method is ${JSON.stringify(method)}`);
  }
  if (!isCount(classes) || classes < 2 || !isCount(features)) {
    return refuse(
      `it has ${JSON.stringify(classes)} classes and ${JSON.stringify(features)} features`,
    );
  }
  if (!Array.isArray(weights) || weights.length !== (features + 1) * classes) {
    return refuse(
      `it does not have the ${(features + 1) * classes} weights of ${classes} classes and ${features} features: it is cut short or damaged`,
    );
  }
  const wrong = weights.findIndex((weight) => !Number.isFinite(weight));
  if (wrong >= 0) return refuse(`weight ${wrong} is no finite number: it is damaged`);
  const values = Float64Array.from(weights as number[]);
  if (checksumOf(values) !== saved.checksum) {
    return refuse('its weights do not agree with its checksum: it is damaged');
  }
  return { method, classes, features, weights: values };
}

function checksumOf(weights: Float64Array): string {
  const view = new DataView(new ArrayBuffer(8));
  let hash = 0x811c9dc5;
  for (const weight of weights) {
    view.setFloat64(0, weight, true);
    for (let byte = 0; byte < 8; byte++) {
      hash = Math.imul(hash ^ view.getUint8(byte), 0x01000193);
    }
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}
