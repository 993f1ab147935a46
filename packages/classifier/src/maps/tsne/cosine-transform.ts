/**
 * The Fourier transforms of real, even sequences, in double precision: a kernel's spectrum falls off
 * by many orders of magnitude, and what single precision leaves of its end would drown the slopes on
 * a fine grid.
 */
export class EvenTransform {
  readonly #size: number;
  readonly #cosines: Float64Array;
  readonly #sines: Float64Array;
  #real: Float64Array;
  #imaginary: Float64Array;
  #otherReal: Float64Array;
  #otherImaginary: Float64Array;

  /** @param size - Of the sequences: even, a product of 2, 3 and 5. */
  constructor(size: number) {
    this.#size = size;
    this.#cosines = Float64Array.from({ length: size }, (_, k) =>
      Math.cos((2 * Math.PI * k) / size),
    );
    this.#sines = Float64Array.from(
      { length: size },
      (_, k) => -Math.sin((2 * Math.PI * k) / size),
    );
    this.#real = new Float64Array(size);
    this.#imaginary = new Float64Array(size);
    this.#otherReal = new Float64Array(size);
    this.#otherImaginary = new Float64Array(size);
  }

  /**
   * Transforms every row of a table in place. A row holds the values 0 to size / 2 of an even
   * sequence, and then those of its transform, which is real and even too. So two rows, as real and
   * imaginary parts of one sequence, keep apart by themselves.
   */
  transformRows(table: Float64Array): void {
    const size = this.#size;
    const width = size / 2 + 1;
    for (let first = 0; first < table.length; first += 2 * width) {
      const second = first + width < table.length ? first + width : first;
      for (let at = 0; at < size; at++) {
        const place = at < width ? at : size - at;
        this.#real[at] = table[first + place]!;
        this.#imaginary[at] = table[second + place]!;
      }
      this.#transform();
      table.set(this.#imaginary.subarray(0, width), second);
      table.set(this.#real.subarray(0, width), first);
    }
  }

  /** Stockham's passes: see assembly/fourier.ts. */
  #transform(): void {
    for (let left = this.#size, stride = 1; left > 1; ) {
      const radix = left % 2 === 0 ? 2 : left % 3 === 0 ? 3 : 5;
      this.#pass(radix, left / radix, stride);
      left /= radix;
      stride *= radix;
      [this.#real, this.#otherReal] = [this.#otherReal, this.#real];
      [this.#imaginary, this.#otherImaginary] = [this.#otherImaginary, this.#imaginary];
    }
  }

  #pass(radix: number, m: number, stride: number): void {
    const size = this.#size;
    const [real, imaginary] = [this.#real, this.#imaginary];
    const [toReal, toImaginary] = [this.#otherReal, this.#otherImaginary];
    const [cosines, sines] = [this.#cosines, this.#sines];
    for (let p = 0; p < m; p++) {
      for (let k = 0; k < radix; k++) {
        // Of term j: w^(p k) for the pass, times exp(-2 pi i j k / radix).
        const start = (p * k * stride) % size;
        const turn = (k * size) / radix;
        for (let q = 0; q < stride; q++) {
          let x = 0;
          let y = 0;
          for (let j = 0, angle = start; j < radix; j++) {
            const at = q + stride * (p + m * j);
            x += real[at]! * cosines[angle]! - imaginary[at]! * sines[angle]!;
            y += real[at]! * sines[angle]! + imaginary[at]! * cosines[angle]!;
            angle += turn;
            if (angle >= size) angle -= size;
          }
          toReal[q + stride * (radix * p + k)] = x;
          toImaginary[q + stride * (radix * p + k)] = y;
        }
      }
    }
  }
}
