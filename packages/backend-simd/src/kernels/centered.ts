import * as tf from '@tensorflow/tfjs';
import { elementBytes, type SimdBackend } from '../backend.js';
import type { Deferred, Held } from '../deferred.js';
import { defineKernel, type SimdKernel } from '../kernel.js';
import { movedElement, runSliced } from '../sliced.js';
import { DeferredBroadcast } from './deferred-broadcast.js';
import { runRows, sumInParts } from './rows.js';

/*
 * A batch normalization in training takes the mean of x, the mean of (x - mean)**2, and x again; the
 * gradient of x is dy * factor + (x - mean) * slope + offset, with a number a channel each. tfjs
 * composes both of a dozen kernels. Here x - mean, its square and the parts of the gradient are put
 * off: the variance reads x once, and the gradient reads dy and x once and is written once.
 */

/** Smaller results are computed at once: to put them off would take as long. */
const leastDeferred = 2 ** 12;

/** So many rows of one number a channel. */
interface Shape {
  readonly rows: number;
  readonly channels: number;
}

/** A tensor and a number for each channel, which one function of `assembly/binary.ts` combines. */
abstract class DeferredRows implements Deferred {
  readonly x: Held;
  readonly row: Held;
  readonly shape: Shape;
  protected readonly backend: SimdBackend;

  constructor(backend: SimdBackend, x: Held, row: Held, shape: Shape) {
    this.backend = backend;
    this.x = x;
    this.row = row;
    this.shape = shape;
  }

  abstract compute(target: number): void;

  release(): void {
    this.x.release();
    this.row.release();
  }

  protected combine(functionName: string, target: number): void {
    const { rows, channels } = this.shape;
    const [a, b] = [this.x.pointer, this.row.pointer];
    const operands = { a, aRow: channels * elementBytes, aScalar: 0, b, bRow: 0, bScalar: 0 };
    runRows(this.backend, functionName, { ...operands, out: target, rows, columns: channels });
  }
}

/** For each channel, the sum of x - center over the rows, followed by those of its square. */
interface Totals {
  values?: Float64Array;
}

/** x - center, to come. */
class DeferredCentered extends DeferredRows {
  readonly #totals: Totals;

  constructor(backend: SimdBackend, x: Held, row: Held, shape: Shape, totals: Totals = {}) {
    super(backend, x, row, shape);
    this.#totals = totals;
  }

  again(): DeferredCentered {
    const { backend, x, row, shape } = this;
    return new DeferredCentered(backend, x.again(), row.again(), shape, this.#totals);
  }

  compute(target: number): void {
    this.combine('sub', target);
  }

  computeSquare(target: number): void {
    this.combine('squaredDifference', target);
  }

  /** The sums of both, from one pass, kept for the gradient. */
  totals(): Float64Array {
    this.#totals.values ??= this.#sum();
    return this.#totals.values;
  }

  #sum(): Float64Array {
    const { rows, channels } = this.shape;
    const [x, center] = [this.x.pointer, this.row.pointer];
    const size = { rows, width: 2 * channels };
    return sumInParts(this.backend, 'centeredSums', size, (begin, end, totals) => [
      x + begin * channels * elementBytes,
      center,
      totals,
      end - begin,
      channels,
    ]);
  }
}

/** (x - center)**2, to come. */
class DeferredSquare implements Deferred {
  readonly centered: DeferredCentered;

  constructor(centered: DeferredCentered) {
    this.centered = centered;
  }

  compute(target: number): void {
    this.centered.computeSquare(target);
  }

  release(): void {
    this.centered.release();
  }
}

/** dy * factor, to come: what a batch normalization with given statistics gives x for a gradient. */
class DeferredScaled extends DeferredRows {
  compute(target: number): void {
    this.combine('mul', target);
  }

  again(): DeferredScaled {
    const { backend, x, row, shape } = this;
    return new DeferredScaled(backend, x.again(), row.again(), shape);
  }
}

/** (x - center) * slope, to come: the gradient of the sum of (x - center)**2. */
class DeferredSlope implements Deferred {
  readonly centered: DeferredCentered;
  readonly slope: Held;
  readonly #backend: SimdBackend;

  constructor(backend: SimdBackend, centered: DeferredCentered, slope: Held) {
    this.#backend = backend;
    this.centered = centered;
    this.slope = slope;
  }

  again(): DeferredSlope {
    return new DeferredSlope(this.#backend, this.centered.again(), this.slope.again());
  }

  compute(target: number): void {
    const { x, row, shape } = this.centered;
    const [from, center, slope] = [x.pointer, row.pointer, this.slope.pointer];
    const { rows, channels } = shape;
    const cost = channels * movedElement;
    runSliced(this.#backend, 'batchNorm', rows, { cost }, (begin, end) => {
      const first = begin * channels * elementBytes;
      return [from + first, center, slope, 0, target + first, end - begin, channels];
    });
  }

  release(): void {
    this.centered.release();
    this.slope.release();
  }
}

/** dy * factor + (x - center) * slope, and then a number for each channel, to come. */
class DeferredGradientOfRows implements Deferred {
  readonly #backend: SimdBackend;
  readonly scaled: DeferredScaled;
  readonly slope: DeferredSlope;
  readonly offset: Held | undefined;

  constructor(backend: SimdBackend, scaled: DeferredScaled, slope: DeferredSlope, offset?: Held) {
    this.#backend = backend;
    this.scaled = scaled;
    this.slope = slope;
    this.offset = offset;
  }

  withOffset(offset: Held): DeferredGradientOfRows {
    const [scaled, slope] = [this.scaled.again(), this.slope.again()];
    return new DeferredGradientOfRows(this.#backend, scaled, slope, offset);
  }

  compute(target: number): void {
    const { rows, channels } = this.scaled.shape;
    const dy = this.scaled.x.pointer;
    const factor = this.scaled.row.pointer;
    const x = this.slope.centered.x.pointer;
    const center = this.slope.centered.row.pointer;
    const slope = this.slope.slope.pointer;
    const offset = this.offset?.pointer ?? 0;
    const cost = 1.5 * channels * movedElement;
    runSliced(this.#backend, 'combineRows', rows, { cost }, (begin, end) => {
      const first = begin * channels * elementBytes;
      const operands = [dy + first, factor, x + first, center, slope, offset];
      return [...operands, target + first, end - begin, channels];
    });
  }

  release(): void {
    this.scaled.release();
    this.slope.release();
    this.offset?.release();
  }
}

/** The shape of `x` beside `row`, where that has one number for each of its channels. */
function shapeBeside(x: tf.TensorInfo, row: tf.TensorInfo): Shape | undefined {
  const channels = x.shape.at(-1);
  const size = tf.util.sizeFromShape(x.shape);
  const fits =
    channels !== undefined &&
    x.dtype === 'float32' &&
    row.dtype === 'float32' &&
    row.shape.length <= x.shape.length &&
    row.shape.at(-1) === channels &&
    tf.util.sizeFromShape(row.shape) === channels &&
    size >= Math.max(leastDeferred, 2 * channels);
  return fits ? { rows: size / channels, channels } : undefined;
}

/** x less a number for each channel, deferred; undefined where it is to be computed at once. */
export function deferCentered(
  backend: SimdBackend,
  x: tf.TensorInfo,
  center: tf.TensorInfo,
): tf.TensorInfo | undefined {
  const shape = shapeBeside(x, center);
  if (!shape) return undefined;
  const [held, row] = [backend.hold(x), backend.hold(center)];
  return backend.defer(x.shape, 'float32', new DeferredCentered(backend, held, row, shape));
}

/** The square of what {@link deferCentered} has put off. */
export function squareCentered(backend: SimdBackend, x: tf.TensorInfo): tf.TensorInfo | undefined {
  const deferred = backend.deferred(x);
  if (!(deferred instanceof DeferredCentered)) return undefined;
  return backend.defer(x.shape, 'float32', new DeferredSquare(deferred.again()));
}

/** The gradient of the square of what {@link deferCentered} has put off, from one number a channel. */
export function scaleCentered(
  backend: SimdBackend,
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
): tf.TensorInfo | undefined {
  const [repeated, centered] = [backend.deferred(dy), backend.deferred(x)];
  if (!(centered instanceof DeferredCentered)) return undefined;
  const row = rowOf(repeated, dy, centered.shape);
  if (!row) return undefined;
  const { channels } = centered.shape;
  const slope = makeRow(backend, channels, (numbers) => {
    const from = row.pointer / elementBytes;
    const source = backend.heap.float32.subarray(from, from + channels);
    for (let channel = 0; channel < channels; channel++) numbers[channel] = 2 * source[channel]!;
  });
  const held = backend.hold(slope);
  backend.disposeIntermediateTensorInfo(slope);
  return backend.defer(x.shape, 'float32', new DeferredSlope(backend, centered.again(), held));
}

/** The sum of gradients that are put off, and that of one of them and a number for each channel. */
export function addRows(
  backend: SimdBackend,
  a: tf.TensorInfo,
  b: tf.TensorInfo,
): tf.TensorInfo | undefined {
  if (!tf.util.arraysEqual(a.shape, b.shape)) return undefined;
  const [first, second] = [backend.deferred(a), backend.deferred(b)];
  if (first instanceof DeferredScaled && second instanceof DeferredSlope) {
    const { rows, channels } = second.centered.shape;
    if (first.shape.rows !== rows || first.shape.channels !== channels) return undefined;
    const sum = new DeferredGradientOfRows(backend, first.again(), second.again());
    return backend.defer(a.shape, 'float32', sum);
  }
  if (first instanceof DeferredGradientOfRows && !first.offset) {
    const row = rowOf(second, b, first.scaled.shape);
    return row && backend.defer(a.shape, 'float32', first.withOffset(row.again()));
  }
  return undefined;
}

/** The numbers that a deferred tensor repeats on each row, if there is one for each channel. */
function rowOf(
  deferred: Deferred | undefined,
  tensor: tf.TensorInfo,
  { channels }: Shape,
): Held | undefined {
  const fits =
    deferred instanceof DeferredBroadcast &&
    deferred.hasShape(tensor.shape) &&
    deferred.sourceShape.at(-1) === channels &&
    tf.util.sizeFromShape(deferred.sourceShape) === channels;
  return fits ? deferred.source : undefined;
}

/** The sum over the rows, over `divisor`, of what has been put off here. */
export function reduceCentered(
  backend: SimdBackend,
  x: tf.TensorInfo,
  { axis, keepDims }: { axis: number | number[]; keepDims: boolean },
  isMean: boolean,
): tf.TensorInfo | undefined {
  const deferred = backend.deferred(x);
  const isSquare = deferred instanceof DeferredSquare;
  if (!isSquare && !(deferred instanceof DeferredSlope)) return undefined;
  const { rows, channels } = deferred.centered.shape;
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const last = x.shape.length - 1;
  if (axes.length !== last || axes.includes(last) || x.shape[last] !== channels) return undefined;
  const totals = deferred.centered.totals();
  const slope = isSquare ? 0 : deferred.slope.pointer / elementBytes;
  const out = makeRow(backend, channels, (numbers) => {
    const { float32 } = backend.heap;
    for (let channel = 0; channel < channels; channel++) {
      const total = isSquare
        ? totals[channels + channel]!
        : totals[channel]! * float32[slope + channel]!;
      numbers[channel] = isMean ? total / rows : total;
    }
  });
  return keepDims ? { ...out, shape: [...x.shape.slice(0, -1).fill(1), channels] } : out;
}

/** A new tensor of one number for each channel. */
function makeRow(
  backend: SimdBackend,
  channels: number,
  fill: (numbers: Float32Array) => void,
): tf.TensorInfo {
  const out = backend.makeOutput([channels], 'float32');
  const start = backend.pointer(out) / elementBytes;
  fill(backend.heap.float32.subarray(start, start + channels));
  return out;
}

interface ScaleRowsInputs {
  readonly x: tf.TensorInfo;
  readonly factor: tf.TensorInfo;
}

/** x times a number for each channel, deferred: the gradient of a batch normalization. */
const scaleRows = defineKernel<ScaleRowsInputs>('ScaleRows', ({ inputs, backend }) => {
  const { x, factor } = inputs;
  const channels = factor.shape[0]!;
  const rows = channels === 0 ? 0 : tf.util.sizeFromShape(x.shape) / channels;
  const [held, row] = [backend.hold(x), backend.hold(factor)];
  const scaled = new DeferredScaled(backend, held, row, { rows, channels });
  return backend.defer(x.shape, 'float32', scaled);
});

/** Kernels of the gradient of a batch normalization; see `src/gradients/fuse.ts`. */
export const centeredKernels: readonly SimdKernel[] = [scaleRows];
