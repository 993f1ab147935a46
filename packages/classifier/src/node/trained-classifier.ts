import { DataFormatError } from '@nn-lab/core/errors';
import type { Classifier } from '@nn-lab/core/models';
import {
  type ClassifierKind,
  fittedOf,
  readSaved,
  type SavedModel,
  savedModel,
} from '@nn-lab/core/models';
import { findModelFile, readPlainFile } from '@nn-lab/core/node';
import type { LabeledPictures } from '@nn-lab/core/tables';
import { classifierKinds } from '../fitted.js';

/** A classifier that knows what its classes are called and what its rows are. */
export interface TrainedClassifier {
  readonly classifier: Classifier;
  readonly classNames: readonly string[];
  /** The images that the rows are, for pictures to be classified. */
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly range: readonly [low: number, high: number];
}

interface SavedTrainedClassifier extends SavedModel<'trained-classifier'> {
  readonly classNames: readonly string[];
  readonly shape: readonly [number, number, number];
  readonly range: readonly [number, number];
  readonly classifier: unknown;
}

const trainedName = 'classifier.json';

/** Where a run keeps it. */
export const trainedFile = `model/${trainedName}`;

/** The text of `classifier.json`. */
export function trainedText(
  classifier: Classifier,
  { classNames, shape, range }: LabeledPictures,
): string {
  return JSON.stringify(
    savedModel('trained-classifier', {
      classNames,
      shape,
      range,
      classifier: classifier.toJSON(),
    }),
  );
}

/** @throws DataFormatError when there is none, or it is damaged or something else. */
export async function readTrained(
  path: string,
  kinds: readonly ClassifierKind[] = classifierKinds,
): Promise<TrainedClassifier> {
  const file = (await findModelFile(path, trainedName)) ?? path;
  const fail = (why: string, cause?: unknown) =>
    new DataFormatError(`${file}: ${why}. Make one with \`npx @nn-lab/classifier train\`.`, {
      source: file,
      cause,
    });
  const bytes = await readPlainFile(file).catch((cause) => {
    throw fail(`there is no trained classifier: ${cause.message}`, cause);
  });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw fail('expected a trained classifier, got something that is not JSON', cause);
  }
  const { classNames, shape, range, classifier } = readSaved<SavedTrainedClassifier>(
    json,
    'trained-classifier',
    file,
  );
  const isList = (value: unknown, type: string, length?: number) =>
    Array.isArray(value) &&
    value.every((item) => typeof item === type) &&
    (length === undefined || value.length === length);
  if (!isList(classNames, 'string') || !isList(shape, 'number', 3) || !isList(range, 'number', 2)) {
    throw fail('the saved classifier is damaged: its class names, shape or range are none');
  }
  const fitted = fittedOf(classifier, file, kinds);
  const { featureCount: columns } = fitted;
  const isShape = shape.every((size) => Number.isSafeInteger(size) && size >= 1);
  if (!isShape || shape[0] * shape[1] * shape[2] !== columns) {
    throw fail(
      `the saved classifier is damaged: expected a shape of ${columns} values, as its rows have, got ${shape.join(' x ')}`,
    );
  }
  return { classifier: fitted, classNames, shape, range };
}
