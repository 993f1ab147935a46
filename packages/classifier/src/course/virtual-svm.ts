import type { Classifier } from '@nn-lab/core/models';
import { type Matrix, takeRows } from '@nn-lab/core/tables';
import type { WorkOptions } from '@nn-lab/core/work';
import { SvmClassifier, type SvmClassifierOptions } from '../classifiers/index.js';
import { validateRows } from '../rows.js';

const shifts = [
  [0, 0],
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
] as const;

/**
 * A support vector machine that learns that a shifted digit is the same digit: it is trained once,
 * then again on its support vectors and their copies, shifted by a pixel each way (Schölkopf, Burges
 * and Vapnik, "Incorporating invariances in support vector learning machines", ICANN 1996).
 */
export class VirtualSvmClassifier implements Classifier {
  readonly #options: SvmClassifierOptions;
  readonly #shape: readonly [height: number, width: number, channels: number];
  readonly #ground: number;
  readonly #machine: SvmClassifier;

  /** @param ground - The value of what a shift uncovers. */
  constructor(
    options: SvmClassifierOptions,
    shape: readonly [number, number, number],
    ground: number,
  ) {
    this.#options = options;
    this.#shape = shape;
    this.#ground = ground;
    this.#machine = new SvmClassifier(options);
  }

  async fit(x: Matrix, labels: ArrayLike<number>, options: WorkOptions = {}): Promise<this> {
    const [height, width, channels] = this.#shape;
    const columns = { count: height * width * channels, of: 'an image' };
    validateRows(x, { name: 'the training data', columns });
    const first = new SvmClassifier(this.#options);
    const { supportIndices } = await first.fit(x, labels, options);
    const supportLabels = Array.from(supportIndices, (row) => labels[row]!);
    await this.#machine.fit(
      this.#withCopies(takeRows(x, supportIndices)),
      shifts.flatMap(() => supportLabels),
      options,
    );
    return this;
  }

  predict(x: Matrix, options: WorkOptions = {}): Promise<Int32Array> {
    return this.#machine.predict(x, options);
  }

  scores(x: Matrix, options: WorkOptions = {}): Promise<Matrix> {
    return this.#machine.scores(x, options);
  }

  get classCount(): number {
    return this.#machine.classCount;
  }

  get featureCount(): number {
    return this.#machine.featureCount;
  }

  dispose(): void {
    this.#machine.dispose();
  }

  /** That of the machine, which predicts the same. */
  toJSON(): object {
    return this.#machine.toJSON();
  }

  #withCopies({ rows, columns, values }: Matrix): Matrix {
    const [height, width, channels] = this.#shape;
    const stride = width * channels;
    const copies = new Float32Array(shifts.length * values.length).fill(this.#ground);
    shifts.forEach(([down, right], copy) => {
      for (let row = 0; row < rows; row++) {
        const from = row * columns;
        const to = copy * values.length + from;
        for (let y = Math.max(0, -down); y < Math.min(height, height - down); y++) {
          const start = from + y * stride + Math.max(0, -right) * channels;
          const end = from + (y + 1) * stride - Math.max(0, right) * channels;
          const offset = (y + down) * stride + Math.max(0, right) * channels;
          copies.set(values.subarray(start, end), to + offset);
        }
      }
    });
    return { rows: shifts.length * rows, columns, values: copies };
  }
}
