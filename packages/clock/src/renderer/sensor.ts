import { hash } from './arithmetic.js';
import type { ClockParameters } from './parameters.js';

const noiseCount = 65536;

/** Nearly normal noise of standard deviation 1: the sum of four hashed bytes, made at first use. */
let noiseTable: Float32Array | undefined;

function createNoise(): Float32Array {
  const deviation = Math.sqrt((4 * (256 * 256 - 1)) / 12);
  return Float32Array.from({ length: noiseCount }, (_, i) => {
    const h = hash(i + 0x7a11);
    return ((h & 255) + ((h >>> 8) & 255) + ((h >>> 16) & 255) + (h >>> 24) - 510) / deviation;
  });
}

/**
 * The camera's sensor: takes rows of shades, blurs, adds contrast and noise, and puts out eight bits.
 * The blur is repeated [side, 1 - 2 side, side] filters in both directions.
 */
export class Sensor {
  readonly #size: number;
  readonly #plane: Float32Array;
  readonly #scratch: Float32Array;
  #passes = 0;
  #side = 0;

  constructor(size: number) {
    this.#size = size;
    this.#plane = new Float32Array(size * size);
    this.#scratch = new Float32Array(size);
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
    this.#blurAlong(shade, j * this.#size);
  }

  /** Puts the whole picture out. */
  expose(parameters: ClockParameters, target: Uint8Array, offset: number): void {
    for (let pass = 1; pass < this.#passes; pass++) this.#blurAgain();
    noiseTable ??= createNoise();
    const table = noiseTable;
    const plane = this.#plane;
    const size = this.#size;
    const gain = 255 * parameters.contrast;
    const bias = 255 * (0.5 - 0.5 * parameters.contrast + parameters.brightness) + 0.5;
    const noise = 255 * parameters.noise;
    const side = this.#side * gain;
    const middle = gain - 2 * side;
    for (let j = 0; j < size; j++) {
      const here = j * size;
      const above = j > 0 ? here - size : here;
      const below = j < size - 1 ? here + size : here;
      const out = offset + here;
      const phase = hash(parameters.noiseSeed ^ hash(j + 1));
      for (let i = 0; i < size; i++) {
        const value =
          plane[here + i]! * middle +
          (plane[above + i]! + plane[below + i]!) * side +
          bias +
          noise * table[(phase + i) & (noiseCount - 1)]!;
        target[out + i] = value <= 0 ? 0 : Math.min(value, 255);
      }
    }
  }

  #blurAlong(shade: Float64Array | Float32Array, start: number): void {
    const plane = this.#plane;
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
      this.#blurAlong(scratch, j * size);
    }
  }
}
