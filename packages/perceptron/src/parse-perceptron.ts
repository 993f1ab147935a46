import { DataFormatError } from '@nn-lab/core/errors';
import { Perceptron } from './perceptron.js';

/** A perceptron from the text of its file. @throws DataFormatError when it is something else. */
export function parsePerceptron(text: string, source: string): Perceptron {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DataFormatError(
      `Expected a perceptron saved by @nn-lab/perceptron in ${source}, but it is no JSON or cut short.`,
      { source, cause },
    );
  }
  return Perceptron.fromJSON(json, source);
}
