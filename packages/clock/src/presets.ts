import { courseMethod } from './course/method.js';
import type { ClockMethod } from './method.js';
import { readerMethod } from './reader/method.js';

/** A named setting of a training run. */
export interface ClockPreset {
  /** A few words for the help. */
  readonly description: string;
  readonly method: ClockMethod;
  readonly epochs: number;
  readonly batchSize: number;
  readonly picturesPerEpoch: number;
  /** Pictures that validation reads after each epoch, and the test at the end. */
  readonly validationPictures: number;
  readonly testPictures: number;
}

/** The settings that `nn-clock train --preset` knows, smallest first. */
export const clockPresets = {
  smoke: {
    description: 'seconds, to see that everything works; learns next to nothing',
    method: readerMethod,
    epochs: 2,
    batchSize: 16,
    picturesPerEpoch: 64,
    validationPictures: 16,
    testPictures: 32,
  },
  quick: {
    description: 'minutes: our reader, to well under a minute of error',
    method: readerMethod,
    epochs: 10,
    batchSize: 64,
    picturesPerEpoch: 3200,
    validationPictures: 400,
    testPictures: 2000,
  },
  course: {
    description: "hours: the course's two-head network, 18,000 pictures, 60 epochs",
    method: courseMethod,
    epochs: 60,
    batchSize: 100,
    picturesPerEpoch: 14_400,
    validationPictures: 400,
    testPictures: 3600,
  },
} as const satisfies Record<string, ClockPreset>;

export type ClockPresetName = keyof typeof clockPresets;
