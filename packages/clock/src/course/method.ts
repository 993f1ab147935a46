import type { ClockMethod } from '../method.js';
import { renderTimedPictures } from '../timed-pictures.js';
import { courseBatches, courseTestPictures } from './batches.js';
import { CourseReader } from './course-reader.js';
import { buildCourseTwoHeadNetwork } from './networks.js';

/** The course's best: an hour head and a minute head on one trunk, trained by RMSprop. */
export const courseMethod: ClockMethod = {
  title: 'course: hour of twelve, minute as a fraction',
  buildNetwork: buildCourseTwoHeadNetwork,
  loss: ['sparseCategoricalCrossentropy', 'meanSquaredError'],
  optimizer: { name: 'rmsprop' },
  // Of 5 pictures the course trained on 4.
  trainingBatches: ({ seed, batchSize, picturesPerEpoch }) =>
    courseBatches({ seed, batchSize, count: Math.round(picturesPerEpoch / 0.8) }),
  heldOutPictures: (part, count, options) =>
    part === 'test'
      ? courseTestPictures(count, options)
      : renderTimedPictures(count, { ...options, stream: 'validation' }),
  readerOf: (model) => new CourseReader(model),
};
