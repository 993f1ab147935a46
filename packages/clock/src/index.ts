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
