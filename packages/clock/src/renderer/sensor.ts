import { hash } from './arithmetic.js';
import type { ClockParameters } from './parameters.js';

const noiseCount = 65536;
/** Units of the noise table in a standard deviation. */
const noiseUnits = 32;

/** Nearly normal noise: the sum of four hashed bytes, made at first use. */
let noiseTable: Int8Array | undefined;

function createNoise(): Int8Array {
  const scale = noiseUnits / Math.sqrt((4 * (256 * 256 - 1)) / 12);
  return Int8Array.from({ length: noiseCount }, (_, i) => {
    const h = hash(i + 0x7a11);
    const sum = (h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24) - 510;
    return Math.round(Math.min(127, Math.max(-127, sum * scale)));
  });
}

/**
 * The camera's sensor: takes rows of shades, blurs, adds contrast and noise, and puts out eight bits.
 * The blur is repeated [side, 1 - 2 side, side] filters in both directions.
 */
export class Sensor {
  readonly #size: number;
  readonly #plane: Float64Array;
  readonly #scratch: Float64Array;
  #passes = 0;
  #side = 0;

  constructor(size: number) {
    this.#size = size;
    // Doubles: what converting from and to smaller numbers takes is more than their room.
    this.#plane = new Float64Array(size * size);
    this.#scratch = new Float64Array(size);
  }

  /** Sets the blur, given in 150ths of the picture's width. */
  prepare(parameters: ClockParameters): void {
    const deviation = (parameters.blur * this.#size) / 150;
    const variance = deviation * deviation;
    // A filter with sides a has the variance 2a, and must not have a negative middle.
    this.#passes = Math.max(1, Math.ceil(variance / 0.5));
    this.#side = variance / this.#passes / 2;
  }

  /** Takes row `j` of the picture, blurred along the row once. */
  take(shade: Float64Array, j: number): void {
    const plane = this.#plane;
    const start = j * this.#size;
    const last = this.#size - 1;
    const side = this.#side;
    const middle = 1 - 2 * side;
    let before = shade[0]!;
    let here = before;
    for (let i = 0; i < last; i++) {
      const after = shade[i + 1]!;
      plane[start + i] = middle * here + side * (before + after);
      before = here;
      here = after;
    }
    plane[start + last] = middle * here + side * (before + here);
  }

  /** Puts the whole picture out. */
  expose(parameters: ClockParameters, target: Uint8Array, offset: number): void {
    for (let pass = 1; pass < this.#passes; pass++) this.#blurAgain();
    noiseTable ??= createNoise();
    const table = noiseTable;
    const plane = this.#plane;
    const size = this.#size;
    const { contrast, brightness } = parameters;
    const side = 255 * contrast * this.#side;
    const middle = 255 * contrast - 2 * side;
    const noise = (255 * parameters.noise) / noiseUnits;
    const bias = 255 * (0.5 - 0.5 * contrast + brightness) + 0.5;
    const last = size - 1;
    for (let j = 0; j < size; j++) {
      const here = j * size;
      const above = j > 0 ? here - size : here;
      const below = j < last ? here + size : here;
      const out = offset + here;
      const phase = hash(parameters.noiseSeed ^ hash(j + 1)) % (noiseCount - size);
      // Two pixels a turn, which is faster than one.
      let i = 0;
      for (; i < last; i += 2) {
        const sides = plane[above + i]! + plane[below + i]!;
        const nextSides = plane[above + i + 1]! + plane[below + i + 1]!;
        const grain = table[phase + i]! * noise + bias;
        const nextGrain = table[phase + i + 1]! * noise + bias;
        target[out + i] = toByte(plane[here + i]! * middle + sides * side + grain);
        target[out + i + 1] = toByte(plane[here + i + 1]! * middle + nextSides * side + nextGrain);
      }
      if (i === last) {
        const sides = plane[above + i]! + plane[below + i]!;
        const grain = table[phase + i]! * noise + bias;
        target[out + i] = toByte(plane[here + i]! * middle + sides * side + grain);
      }
    }
  }

  /** One more pass: down the columns, then along the rows, so that the last one is down again. */
  #blurAgain(): void {
    const plane = this.#plane;
    const size = this.#size;
    const scratch = this.#scratch;
    const side = this.#side;
    const middle = 1 - 2 * side;
    scratch.set(plane.subarray(0, size));
    for (let j = 0; j < size; j++) {
      const start = j * size;
      const below = j < size - 1 ? start + size : start;
      for (let i = 0; i < size; i++) {
        const here = plane[start + i]!;
        plane[start + i] = middle * here + side * (scratch[i]! + plane[below + i]!);
        scratch[i] = here;
      }
    }
    for (let j = 0; j < size; j++) {
      scratch.set(plane.subarray(j * size, (j + 1) * size));
      this.take(scratch, j);
    }
  }
}

function toByte(value: number): number {
  return value < 0 ? 0 : Math.min(value, 255);
}
