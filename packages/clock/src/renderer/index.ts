export { type NumeralFont, numeralFonts } from './numerals.js';
export {
  type ClockParameterRanges,
  type ClockParameters,
  clockParameterNames,
  clockParameterSampler,
  defaultClockParameters,
  type NumeralOrientation,
  type ParameterRange,
  sampleClockParameters,
} from './parameters.js';
export {
  type ClockPicture,
  type ClockPictures,
  ClockRenderer,
  ClockSequence,
  type ClockSequenceOptions,
  coursePictureSize,
  type RenderClockOptions,
  type RenderClocksOptions,
  renderClock,
  renderClocks,
} from './render.js';
export {
  type ClockTruth,
  clockTruth,
  clockTruthLayout,
  clockTruthSize,
  type PictureVector,
  truthFromRow,
} from './truth.js';
