import { type Picture, resizePicture } from '@nn-lab/core/datasets';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import { Work } from '@nn-lab/core/work';
import {
  type ClockParameterRanges,
  ClockSequence,
  clockTruthLayout,
  clockTruthSize,
  coursePictureSize,
} from '../renderer/index.js';
import { timeOfMinute } from '../time.js';
import {
  type DialPose,
  dialPoseJitter,
  dialPoseNames,
  dialPoseSize,
  poseFromHomography,
  writeNormalizedPose,
} from './dial-pose.js';
import { thumbnailSize } from './networks.js';
import { unrollDial, unrolledAngles, unrolledRadii } from './unroll.js';

/** Which pictures a reader is trained on: plain data, so that a worker thread can be given it. */
export interface ReaderExamplesSettings {
  readonly seed: number;
  /** Name of the stream: pictures of different streams have nothing in common. */
  readonly stream: string;
  /** What the clocks' parameters are drawn from; the course's look by default. */
  readonly ranges?: ClockParameterRanges;
}

/** Inputs and targets of `count` examples, each array `count` times what it says. */
export interface ReaderExamples {
  readonly count: number;
  /** 48 x 48 grey values in -1 to 1. */
  readonly thumbnails: Float32Array;
  /** 35 x 180 grey values in -1 to 1, unrolled by a slightly wrong pose, as the locator's will be. */
  readonly unrolled: Float32Array;
  /** 7 numbers, normalised. */
  readonly poses: Float32Array;
  /** 3 x 180 shares which sum to 1 over the 180: where minute hand, hour hand and twelve point. */
  readonly directions: Float32Array;
}

/** Width of a soft target in columns: wide enough to learn from near misses, narrow enough for a minute. */
const targetSpread = 0.7;

/**
 * Returns a function that renders examples and prepares them for training: a pure function of the
 * number of the first example and of how many are wanted. Example n is drawn from the fork n of the
 * stream.
 */
export function readerExamples(
  settings: ReaderExamplesSettings,
): (first: number, count: number) => Promise<ReaderExamples> {
  const stream = createRandom(settings.seed).fork(settings.stream);
  const sequence = new ClockSequence(stream, { ranges: settings.ranges });
  const picture: Picture = {
    width: coursePictureSize,
    height: coursePictureSize,
    channels: 1,
    data: new Uint8Array(coursePictureSize ** 2),
  };
  const truth = new Float64Array(clockTruthSize);
  const homographyAt = clockTruthLayout.indexOf('homography.0');

  return async (first, count) => {
    if (!Number.isSafeInteger(first) || first < 0 || !Number.isSafeInteger(count) || count < 1) {
      throw new InvalidArgumentError(
        `Expected whole numbers of a first example (0 or more) and of examples (1 or more), got ${first} and ${count}.`,
      );
    }
    const examples = {
      count,
      thumbnails: new Float32Array(count * thumbnailSize ** 2),
      unrolled: new Float32Array(count * unrolledRadii * unrolledAngles),
      poses: new Float32Array(count * dialPoseSize),
      directions: new Float32Array(count * 3 * unrolledAngles),
    };
    const addExample = (i: number) => {
      const { hour, minute } = timeOfMinute(sequence.draw(first + i, picture.data, 0, truth, 0));
      const { pose, rotation } = poseFromHomography(truth.subarray(homographyAt, homographyAt + 9));

      writeThumbnail(picture, examples.thumbnails, i * thumbnailSize ** 2);
      writeNormalizedPose(pose, examples.poses, i * dialPoseSize);
      const asLocated = { ...pose } as Record<keyof DialPose, number>;
      const errors = stream.fork(first + i).fork('pose');
      dialPoseNames.forEach((name, at) => {
        asLocated[name] += errors.normal(0, dialPoseJitter[at]!);
      });
      unrollDial(picture, asLocated, examples.unrolled, i * unrolledRadii * unrolledAngles);

      const directions = [minute / 60, (hour + minute / 60) / 12, 0];
      directions.forEach((turns, at) => {
        const column = (turns + rotation / (2 * Math.PI)) * unrolledAngles;
        writeSoftDirection(column, examples.directions, (3 * i + at) * unrolledAngles);
      });
    };
    await new Work().inParts(count, (begin, end) => {
      for (let i = begin; i < end; i++) addExample(i);
    });
    return examples;
  };
}

/** Writes what the locator sees: the picture shrunk to 48 x 48, in -1 to 1. */
export function writeThumbnail(picture: Picture, target: Float32Array, offset: number): void {
  const { data } = resizePicture(picture, thumbnailSize, thumbnailSize);
  for (let i = 0; i < data.length; i++) target[offset + i] = data[i]! / 127.5 - 1;
}

/** Writes a bell around a column, wrapped around the circle, that sums to 1. */
function writeSoftDirection(column: number, target: Float32Array, offset: number): void {
  const middle = Math.round(column);
  const reach = 4;
  let sum = 0;
  for (let i = middle - reach; i <= middle + reach; i++) {
    sum += bell(i - column);
  }
  for (let i = middle - reach; i <= middle + reach; i++) {
    const wrapped = ((i % unrolledAngles) + unrolledAngles) % unrolledAngles;
    target[offset + wrapped] = bell(i - column) / sum;
  }
}

function bell(distance: number): number {
  return Math.exp(-0.5 * (distance / targetSpread) ** 2);
}
