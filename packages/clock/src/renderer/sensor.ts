import { hash } from './arithmetic.js';
import type { ClockParameters } from './parameters.js';

const noiseCount = 65536;
/** Units of the noise table in a standard deviation. */
const noiseUnits = 32;
/** Units of the plane from black to white. */
const planeUnits = 4096;
const fractionBits = 16;
const one = 1 << fractionBits;

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
 * The camera's sensor: takes rows of shades, blurs, adds contrast and noise, and puts out eight bits,
 * all in whole numbers. The blur is repeated [side, 1 - 2 side, side] filters in both directions.
 */
export class Sensor {
  readonly #size: number;
  readonly #plane: Int32Array;
  readonly #scratch: Int32Array;
  #passes = 0;
  #side = 0;

  constructor(size: number) {
    this.#size = size;
    this.#plane = new Int32Array(size * size);
    this.#scratch = new Int32Array(size);
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
    const side = this.#side * planeUnits;
    const middle = planeUnits - 2 * side;
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
    const gain = (255 * contrast * one) / planeUnits;
    const side = Math.round(gain * this.#side);
    const middle = Math.round(gain) - 2 * side;
    const noise = Math.round((255 * parameters.noise * one) / noiseUnits);
    const bias = Math.round((255 * (0.5 - 0.5 * contrast + brightness) + 0.5) * one);
    for (let j = 0; j < size; j++) {
      const here = j * size;
      const above = j > 0 ? here - size : here;
      const below = j < size - 1 ? here + size : here;
      const out = offset + here;
      const phase = hash(parameters.noiseSeed ^ hash(j + 1)) % (noiseCount - size);
      for (let i = 0; i < size; i++) {
        const sides = (plane[above + i]! + plane[below + i]!) | 0;
        const blurred = (Math.imul(plane[here + i]!, middle) + Math.imul(sides, side)) | 0;
        const grain = Math.imul(table[phase + i]!, noise);
        const value = ((blurred + grain + bias) | 0) >> fractionBits;
        target[out + i] = value < 0 ? 0 : Math.min(value, 255);
      }
    }
  }

  /** One more pass: down the columns, then along the rows, so that the last one is down again. */
  #blurAgain(): void {
    const plane = this.#plane;
    const size = this.#size;
    const scratch = this.#scratch;
    const side = Math.round(this.#side * one);
    const middle = one - 2 * side;
    scratch.set(plane.subarray(0, size));
    for (let j = 0; j < size; j++) {
      const start = j * size;
      const below = j < size - 1 ? start + size : start;
      for (let i = 0; i < size; i++) {
        const here = plane[start + i]!;
        const sides = (scratch[i]! + plane[below + i]!) | 0;
        plane[start + i] = (Math.imul(here, middle) + Math.imul(sides, side)) >> fractionBits;
        scratch[i] = here;
      }
    }
    for (let j = 0; j < size; j++) {
      const start = j * size;
      let before = plane[start]!;
      for (let i = 0; i < size; i++) {
        const here = plane[start + i]!;
        const after = i < size - 1 ? plane[start + i + 1]! : here;
        const sides = (before + after) | 0;
        plane[start + i] = (Math.imul(here, middle) + Math.imul(sides, side)) >> fractionBits;
        before = here;
      }
    }
  }
}
