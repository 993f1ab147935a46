import { cosine, hash, hashUnit, sine } from './arithmetic.js';
import { type Camera, project } from './camera.js';
import type { ClockParameters } from './parameters.js';
import type { Row } from './row.js';

/** Small bright reflections along the rim, in pixels of the picture. */
export class Sparks {
  #count = 0;
  #numbers = new Float64Array(4 * 8);

  prepare(parameters: ClockParameters, camera: Camera, size: number): void {
    this.#count = parameters.sparks;
    if (this.#numbers.length < 4 * this.#count) this.#numbers = new Float64Array(4 * this.#count);
    for (let spark = 0; spark < this.#count; spark++) {
      const key = hash(parameters.noiseSeed ^ hash(spark + 0x59a7));
      const direction = 360 * hashUnit(key);
      const radius = 0.97 + 0.2 * hashUnit(key + 1);
      const [x, y] = project(
        camera.homography,
        radius * sine(direction),
        radius * cosine(direction),
      );
      this.#numbers[4 * spark] = x * size - 0.5;
      this.#numbers[4 * spark + 1] = y * size - 0.5;
      this.#numbers[4 * spark + 2] = (size / 150) * (0.55 + 0.6 * hashUnit(key + 2));
      this.#numbers[4 * spark + 3] = 0.25 + 0.75 * hashUnit(key + 3);
    }
  }

  /** Adds what of the sparks falls on row number `j`. */
  paint(row: Row, j: number): void {
    const { shade } = row;
    for (let spark = 0; spark < this.#count; spark++) {
      const column = this.#numbers[4 * spark]!;
      const dy = j - this.#numbers[4 * spark + 1]!;
      const radius = this.#numbers[4 * spark + 2]!;
      const reach = 3 * radius;
      if (dy > reach || dy < -reach) continue;
      const to = Math.min(shade.length - 1, Math.floor(column + reach));
      for (let i = Math.max(0, Math.ceil(column - reach)); i <= to; i++) {
        const dx = i - column;
        const q = (dx * dx + dy * dy) / (radius * radius);
        shade[i] = shade[i]! + this.#numbers[4 * spark + 3]! / (1 + q * q);
      }
    }
  }
}
