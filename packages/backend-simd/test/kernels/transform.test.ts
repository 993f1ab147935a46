import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { expectSameAsPlain, type Input, startSimd } from '../support.js';

beforeAll(async () => {
  await startSimd();
});

const size = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(8, 33, 70));
const shapes = fc
  .array(size, { minLength: 1, maxLength: 5 })
  .filter((shape) => tf.util.sizeFromShape(shape) <= 5000);
const dtypes = fc.constantFrom('float32', 'int32', 'bool') as fc.Arbitrary<Input['dtype']>;

/** Checks an operation on random shapes; `choose` draws its arguments for a shape. */
function property<T>(
  choose: (shape: number[]) => fc.Arbitrary<T>,
  run: (x: tf.Tensor, choice: T) => tf.Tensor | tf.Tensor[],
  numRuns = 60,
): Promise<void> {
  const cases = shapes.chain((shape) =>
    fc.record({ shape: fc.constant(shape), choice: choose(shape), dtype: dtypes }),
  );
  return fc.assert(
    fc.asyncProperty(cases, ({ shape, choice, dtype }) =>
      expectSameAsPlain([{ shape, dtype: dtype! }], (x) => run(x!, choice)),
    ),
    { numRuns },
  );
}

const axisOf = (shape: number[]) => fc.nat(shape.length - 1);

describe('moving elements gives what plain JavaScript gives', () => {
  it('transpose by any permutation', () =>
    property(
      (shape) =>
        fc.shuffledSubarray(
          shape.map((_, index) => index),
          { minLength: shape.length },
        ),
      (x, perm) => tf.transpose(x, perm),
      120,
    ));

  it.each([
    [
      [100, 70],
      [1, 0],
    ],
    [
      [3, 33, 65],
      [0, 2, 1],
    ],
    [
      [3, 33, 65],
      [2, 1, 0],
    ],
    [
      [2, 19, 21, 16],
      [0, 3, 1, 2],
    ],
    [
      [2, 16, 19, 21],
      [0, 2, 3, 1],
    ],
    [
      [2, 3, 5, 7, 2],
      [4, 2, 0, 3, 1],
    ],
  ])('transpose %j by %j', (shape, perm) =>
    expectSameAsPlain([{ shape }], (x) => tf.transpose(x!, perm)),
  );

  it('slice', () =>
    property(
      (shape) =>
        fc.tuple(
          ...shape.map((length) =>
            fc
              .nat(length - 1)
              .chain((begin) => fc.tuple(fc.constant(begin), fc.nat(length - begin))),
          ),
        ),
      (x, ranges) =>
        tf.slice(
          x,
          ranges.map(([begin]) => begin),
          ranges.map(([, count]) => count),
        ),
    ));

  it('strided slice', () =>
    property(
      (shape) =>
        fc.tuple(
          ...shape.map((length) =>
            fc
              .tuple(fc.nat(length - 1), fc.nat(length), fc.integer({ min: 1, max: 3 }))
              .map(([from, to, stride]) =>
                // The plain kernel fails on an empty range, so there is none.
                from < to ? [from, to, stride] : [from, -length - 1, -stride],
              ),
          ),
        ),
      (x, ranges) =>
        tf.stridedSlice(
          x,
          ranges.map(([begin]) => begin!),
          ranges.map(([, end]) => end!),
          ranges.map(([, , stride]) => stride!),
        ),
    ));

  it('strided slice with a shrunken and a new axis', () => {
    const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    const shrunk = tf.stridedSlice(x, [0, 1, 1], [2, 2, -3], [1, 1, -1], 0, 0, 0, 0, 2);
    expect(shrunk.shape).toEqual([2, 2]);
    expect(Array.from(shrunk.dataSync())).toEqual([4, 3, 8, 7]);
    const widened = tf.stridedSlice(x, [0, 0, 0], [0, 2, 1], [1, 1, 1], 0, 0, 0, 1, 0);
    expect(widened.shape).toEqual([1, 2, 1, 2]);
    expect(Array.from(widened.dataSync())).toEqual([1, 2, 5, 6]);
  });

  it('strided slice of an empty range', () => {
    const empty = tf.stridedSlice(tf.zeros([8, 3]), [1, 0], [0, 1], [1, 1]);
    expect(empty.shape).toEqual([0, 1]);
  });

  it('concat and split undo each other', () =>
    property(axisOf, (x, axis) => {
      const doubled = tf.concat([x, x], axis);
      const [first, second] = tf.split(doubled, 2, axis);
      return [doubled, first!, second!];
    }));

  it('concat of different lengths', () =>
    expectSameAsPlain(
      [{ shape: [3, 2, 5] }, { shape: [3, 7, 5] }, { shape: [3, 0, 5] }],
      (...all) => tf.concat(all, 1),
    ));

  it('stack and unstack', () =>
    property(axisOf, (x, axis) => [tf.stack([x, x], axis), ...tf.unstack(x, axis).slice(0, 3)]));

  it('pad', () =>
    property(
      (shape) => fc.tuple(...shape.map(() => fc.tuple(fc.nat(3), fc.nat(3)))),
      (x, paddings) => tf.pad(x, paddings, x.dtype === 'bool' ? 1 : 3),
      30,
    ));

  it.each(['reflect', 'symmetric'] as const)('mirror pad, %s', (mode) =>
    property(
      (shape) =>
        fc.tuple(
          ...shape.map((length) => {
            const most = Math.min(2, mode === 'reflect' ? length - 1 : length);
            return fc.tuple(fc.nat(most), fc.nat(most));
          }),
        ),
      (x, paddings) => tf.mirrorPad(x, paddings, mode),
      30,
    ),
  );

  it('tile and broadcast', () =>
    property(
      (shape) => fc.tuple(...shape.map(() => fc.integer({ min: 0, max: 2 }))),
      (x, reps) => tf.tile(x, reps),
      30,
    ));

  it('reverse', () =>
    property(
      (shape) => fc.subarray(shape.map((_, index) => index)),
      (x, axes) => tf.reverse(x, axes),
    ));

  it('gather along any axis', () =>
    property(
      (shape) =>
        axisOf(shape).chain((axis) =>
          fc.record({
            axis: fc.constant(axis),
            indices: fc.array(fc.nat(shape[axis]! - 1), { minLength: 1, maxLength: 7 }),
          }),
        ),
      (x, { axis, indices }) => tf.gather(x, tf.tensor1d(indices, 'int32'), axis),
    ));

  it('reshape and expandDims share the data', () => {
    const x = tf.zeros([4, 6]);
    const { heapBytesInUse } = tf.memory() as unknown as { heapBytesInUse: number };
    const views = [tf.reshape(x, [24]), tf.expandDims(x, 1), tf.reshape(x, [2, -1])];
    expect(views.map(({ shape }) => shape)).toEqual([[24], [4, 1, 6], [2, 12]]);
    expect(tf.memory()).toMatchObject({ heapBytesInUse });
    tf.dispose([x, ...views]);
  });
});

describe('gather, scatter and segments', () => {
  const indices: Input = { shape: [4, 2], dtype: 'int32', values: [0, 1, 2, 0, 0, 1, 1, 1] };

  it('gather with batch dimensions', () =>
    expectSameAsPlain(
      [{ shape: [2, 5, 3] }, { shape: [2, 4], dtype: 'int32', values: [0, 4, 2, 2, 1, 0, 3, 3] }],
      (x, places) => tf.gather(x!, places as tf.Tensor2D, 1, 1),
    ));

  it('refuses an index out of range', () => {
    expect(() => tf.gather(tf.zeros([3]), tf.tensor1d([3], 'int32'))).toThrow(
      'GatherV2: the index value 3 is not in [0, 2]',
    );
    expect(() => tf.gatherND(tf.zeros([3, 2]), tf.tensor2d([[5, 0]], [1, 2], 'int32'))).toThrow(
      'Invalid indices: 5,0 does not index into 3,2',
    );
  });

  it('gatherND and scatterND, which sums duplicates', () =>
    expectSameAsPlain([{ shape: [3, 2, 5] }, indices, { shape: [4, 5] }], (x, at, updates) => [
      tf.gatherND(x!, at!),
      tf.scatterND(at!, updates!, [3, 2, 5]),
      tf.scatterND(at!, tf.cast(updates!, 'int32'), [3, 2, 5]),
    ]));

  it('tensorScatterUpdate, where the last wins', () =>
    expectSameAsPlain([{ shape: [3, 2, 5] }, indices, { shape: [4, 5] }], (x, at, updates) =>
      tf.tensorScatterUpdate(x!, at!, updates!),
    ));

  it('unsortedSegmentSum drops segments out of range', () =>
    expectSameAsPlain(
      [{ shape: [6, 3, 5] }, { shape: [6], dtype: 'int32', values: [2, 0, 2, 5, -1, 1] }],
      (x, ids) => tf.unsortedSegmentSum(x!, ids as tf.Tensor1D, 3),
      1e-6,
    ));

  it('oneHot', () =>
    expectSameAsPlain([{ shape: [2, 3], dtype: 'int32', values: [0, 2, 5, -1, 3, 1] }], (x) => [
      tf.oneHot(x!, 4),
      tf.oneHot(x!, 4, 7, -1, 'float32'),
    ]));

  it.each([1, 3, 12])('topk with k = %d, equal ones in the order of their places', (k) =>
    expectSameAsPlain(
      [{ shape: [5, 12], values: Array.from({ length: 60 }, (_, index) => (index * 7) % 9) }],
      (x) => {
        const { values, indices: places } = tf.topk(x!, k);
        return [values, places];
      },
    ),
  );

  it('range, linspace, fill, eye', () =>
    expectSameAsPlain(
      [],
      () => [
        tf.range(0, 10, 3),
        tf.range(0, 1, 0.1),
        tf.range(5, 0, -1, 'int32'),
        tf.range(5, 0),
        tf.range(3, 3),
        tf.range(0, 3, -1),
        tf.linspace(0, 1, 7),
        tf.linspace(2, 5, 1),
        tf.fill([3, 5], 2.5),
        tf.fill([3], 2, 'int32'),
        tf.eye(4),
      ],
      1e-6,
    ));
});

describe('resizing', () => {
  const sizes: [number, number][] = [
    [8, 8],
    [3, 11],
    [1, 1],
    [4, 6],
  ];
  for (const [alignCorners, halfPixelCenters] of [
    [false, false],
    [true, false],
    [false, true],
  ] as const) {
    it.each([1, 3, 4, 8])(
      `nearest and bilinear, %d channels, alignCorners ${alignCorners}, halfPixelCenters ${halfPixelCenters}`,
      async (channels) => {
        for (const target of sizes) {
          await expectSameAsPlain(
            [{ shape: [2, 4, 6, channels] }],
            (x) => [
              tf.image.resizeNearestNeighbor(
                x as tf.Tensor4D,
                target,
                alignCorners,
                halfPixelCenters,
              ),
              tf.image.resizeBilinear(x as tf.Tensor4D, target, alignCorners, halfPixelCenters),
            ],
            1e-6,
          );
        }
      },
    );
  }
});

describe('batch normalisation', () => {
  it.each([1, 3, 16, 70])('with the statistics of %d channels', (channels) =>
    expectSameAsPlain(
      [
        { shape: [2, 5, 7, channels] },
        { shape: [channels] },
        { shape: [channels], values: Array.from({ length: channels }, (_, i) => 0.1 + i / 7) },
        { shape: [channels] },
        { shape: [channels] },
      ],
      (x, mean, variance, offset, scale) => [
        tf.batchNorm(x as tf.Tensor4D, mean!, variance!, offset, scale),
        tf.batchNorm(x as tf.Tensor4D, mean!, variance!),
        tf.batchNorm(x as tf.Tensor4D, mean!, variance!, undefined, scale, 0.1),
      ],
      2e-6,
    ),
  );

  it('with statistics of every element', () =>
    expectSameAsPlain(
      [{ shape: [2, 3] }, { shape: [2, 3] }, { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }],
      (x, mean, variance) => tf.batchNorm(x as tf.Tensor2D, mean as never, variance as never),
      2e-6,
    ));
});

describe('topk with NaN', () => {
  // NumPy, PyTorch and JAX order so.
  it.each<[values: number[], indices: number[]]>([
    [
      [1, Number.NaN, 3, 2],
      [1, 2, 3, 0],
    ],
    [
      [Number.NaN, 1, Number.NaN, Number.POSITIVE_INFINITY],
      [0, 2, 3, 1],
    ],
    [
      [Number.NEGATIVE_INFINITY, 5, 5, Number.NaN],
      [3, 1, 2, 0],
    ],
  ])('of %j takes NaN for greater than every number', (values, indices) => {
    for (const k of [1, 2, 3, 4]) {
      const top = tf.topk(tf.tensor1d(values), k);
      expect(Array.from(top.indices.dataSync())).toEqual(indices.slice(0, k));
      const expected = indices.slice(0, k).map((index) => values[index]!);
      expect(Array.from(top.values.dataSync())).toEqual(expected);
    }
  });
});
