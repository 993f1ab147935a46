export { clockReaderOf } from './clock-reader-of.js';
export {
  type ClockEvaluation,
  type EvaluateReaderOptions,
  evaluateReader,
} from './evaluate.js';
export type {
  ClockMethod,
  LoadedClockReader,
  TimedReading,
  TimeReader,
  TrainingAmount,
} from './method.js';
export { type ClockPreset, type ClockPresetName, clockPresets } from './presets.js';
export * from './reader/index.js';
export * from './renderer/index.js';
export {
  type ClockTime,
  clockAngles,
  formatClockTime,
  minuteOfDial,
  minutesOnDial,
  timeOfMinute,
  validateClockTime,
} from './time.js';
export {
  type RenderTimedPicturesOptions,
  renderTimedPictures,
  type TimedPictures,
} from './timed-pictures.js';
export {
  type TrainClockReaderOptions,
  type TrainedClockReader,
  trainClockReader,
} from './train.js';
