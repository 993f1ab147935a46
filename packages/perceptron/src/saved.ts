import {
  damagedModel,
  decodeFloats,
  encodeFloats,
  readSaved,
  requireSavedCount,
  type SavedFloats,
  type SavedModel,
  savedModel,
} from '@nn-lab/core/models';
import type { PerceptronMethod } from './perceptron.js';

/** What `Perceptron.toJSON` gives. */
export interface SavedPerceptron extends SavedModel<'perceptron'> {
  readonly method: PerceptronMethod;
  readonly classes: number;
  readonly features: number;
  /** `[features + 1, classes]`, row by row, the bias last. */
  readonly weights: SavedFloats;
}

interface Parts {
  readonly method: PerceptronMethod;
  readonly classes: number;
  readonly features: number;
  readonly weights: Float64Array;
}

export function writePerceptron({ method, classes, features, weights }: Parts): SavedPerceptron {
  return savedModel('perceptron', { method, classes, features, weights: encodeFloats(weights) });
}

/** @throws DataFormatError when the value is not what {@link writePerceptron} gave. */
export function readPerceptron(json: unknown, source: string): Parts {
  const saved = readSaved<SavedPerceptron>(json, 'perceptron', source);
  const { method } = saved;
  if (method !== 'batch' && method !== 'online' && method !== 'averaged') {
    throw damagedModel(source, `its method is ${JSON.stringify(method)}`);
  }
  const classes = requireSavedCount(saved.classes, 2, source);
  const features = requireSavedCount(saved.features, 1, source);
  const weights = decodeFloats(saved.weights, Float64Array, source, (features + 1) * classes);
  return { method, classes, features, weights };
}
