import { ShapeError } from '@nn-lab/core/errors';
import { minutesOnDial } from '../time.js';
import { unrolledAngles } from './unroll.js';

/** A time with how sure the reader is of it. */
export interface TimeReading {
  /** 0 to 11. */
  readonly hour: number;
  /** 0 to 59. */
  readonly minute: number;
  /** Probability of this minute among the 720, as the network sees it; 0 to 1. */
  readonly probability: number;
}

/** What {@link decodeDirections} found. */
export interface DecodedTime extends TimeReading {
  /** Angle of the twelve in the unrolled dial, degrees clockwise from the top of the picture, 0 to 360. */
  readonly rotation: number;
  /** The likeliest times, this one first. */
  readonly alternatives: readonly TimeReading[];
}

/** Half degrees in a circle: the hour hand moves by one each minute, the minute hand by twelve. */
const halfDegrees = 720;
/** Twelves this much less likely than the best (in natural logarithm) are not tried. */
const hopeless = 12;
const alternativesKept = 5;

/**
 * Chooses the time on which both hands and the twelve agree best, like a vernier: of all 720 times and
 * all turns of the dial the one with the largest product of the three probabilities. The hour hand
 * need not be read to the minute, nor the minute hand be told from its surroundings alone.
 *
 * @param logits - `3 * 180` numbers from `offset` on: minute hand, hour hand, twelve by direction.
 * @throws ShapeError when there are fewer.
 */
export function decodeDirections(logits: ArrayLike<number>, offset = 0): DecodedTime {
  if (logits.length < offset + 3 * unrolledAngles) {
    throw new ShapeError(
      `Expected ${3 * unrolledAngles} logits from ${offset} on, got ${logits.length - offset}.`,
    );
  }
  const minuteHand = logProbabilities(logits, offset);
  const hourHand = logProbabilities(logits, offset + unrolledAngles);
  const twelve = logProbabilities(logits, offset + 2 * unrolledAngles).subarray(0, halfDegrees);

  const best = new Float64Array(minutesOnDial).fill(Number.NEGATIVE_INFINITY);
  const bestTurn = new Int32Array(minutesOnDial);
  const threshold = twelve.reduce((high, value) => Math.max(high, value)) - hopeless;
  for (let turn = 0; turn < halfDegrees; turn++) {
    const ofTwelve = twelve[turn]!;
    if (ofTwelve < threshold) continue;
    for (let time = 0; time < minutesOnDial; time++) {
      const score = ofTwelve + minuteHand[12 * (time % 60) + turn]! + hourHand[time + turn]!;
      if (score > best[time]!) {
        best[time] = score;
        bestTurn[time] = turn;
      }
    }
  }

  const order = Array.from(best.keys()).sort((a, b) => best[b]! - best[a]! || a - b);
  const top = best[order[0]!]!;
  const sum = best.reduce((total, score) => total + Math.exp(score - top), 0);
  const alternatives = order.slice(0, alternativesKept).map((time) => ({
    hour: Math.floor(time / 60),
    minute: time % 60,
    probability: Math.exp(best[time]! - top) / sum,
  }));
  return { ...alternatives[0]!, rotation: bestTurn[order[0]!]! / 2, alternatives };
}

/**
 * Log-softmax of one direction's logits, interpolated from two degrees to half a degree, twice around
 * so that a sum of two directions needs no wrapping.
 */
function logProbabilities(logits: ArrayLike<number>, offset: number): Float64Array {
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < unrolledAngles; i++) high = Math.max(high, logits[offset + i]!);
  let sum = 0;
  for (let i = 0; i < unrolledAngles; i++) sum += Math.exp(logits[offset + i]! - high);
  const normalizer = high + Math.log(sum);
  const steps = halfDegrees / unrolledAngles;
  return Float64Array.from({ length: 2 * halfDegrees }, (_, half) => {
    const left = Math.floor(half / steps) % unrolledAngles;
    const share = (half % steps) / steps;
    const right = (left + 1) % unrolledAngles;
    return logits[offset + left]! * (1 - share) + logits[offset + right]! * share - normalizer;
  });
}
