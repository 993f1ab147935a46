import { ShapeError } from '@nn-lab/core/errors';
import type * as tf from '@tensorflow/tfjs';
import { CourseReader, isCourseNetwork } from './course/course-reader.js';
import type { LoadedClockReader } from './method.js';
import { ClockReader, isReaderNetwork } from './reader/index.js';

/**
 * Makes a reader of a trained network, ours or the course's; which of the two is told by its shapes.
 *
 * @param model - The reader takes it over.
 * @throws ShapeError when it is neither; the model is freed.
 */
export function clockReaderOf(model: tf.LayersModel): LoadedClockReader {
  if (isReaderNetwork(model)) return new ClockReader(model);
  if (isCourseNetwork(model)) return new CourseReader(model);
  const shapes = [...model.inputs, ...model.outputs].map(({ shape }) => `[${shape.slice(1)}]`);
  model.dispose();
  throw new ShapeError(
    `Expected a network that reads clocks, got one of inputs and outputs ${shapes.join(', ')}. Train one with npx @nn-lab/clock train, or give the folder of such a run.`,
  );
}
