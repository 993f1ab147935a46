import * as tf from '@tensorflow/tfjs';
import {
  defineGradient,
  defineGradients,
  maskOf,
  placesOf,
  reduced,
  sumAtPlaces,
  sumRows,
} from './gradient.js';

/** A list of shape [batch, 1, ...] that tells the members of a batch apart, `step` from one to the next. */
function offsets(batch: number, rank: number, step: number): tf.Tensor {
  const list = tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(step, 'int32'));
  return tf.reshape(list, [batch, ...new Array<number>(rank - 1).fill(1)]);
}

const gather = defineGradient(
  tf.GatherV2,
  { inputs: ['x', 'indices'] },
  (dy, saved, attributes) => {
    const [x, indices] = saved as [tf.Tensor, tf.Tensor];
    return {
      indices: () => tf.zeros(indices.shape),
      x: () => {
        const axis = tf.util.parseAxisParam(attributes.axis, x.shape)[0]!;
        const batchDims: number = attributes.batchDims ?? 0;
        const sizeOf = (begin: number, end?: number) =>
          tf.util.sizeFromShape(x.shape.slice(begin, end));
        const [batch, outer] = [sizeOf(0, batchDims), sizeOf(batchDims, axis)];
        const [length, inner] = [x.shape[axis]!, sizeOf(axis + 1)];
        const count = indices.size / Math.max(1, batch);
        const places = tf.add(tf.reshape(indices, [batch, count]), offsets(batch, 2, length));
        // Rows of all that is gathered together: [batch, count, outer * inner].
        const turn = (tensor: tf.Tensor) =>
          outer === 1 ? tensor : tf.transpose(tensor, [0, 2, 1, 3]);
        const rows = turn(tf.reshape(dy, [batch, outer, count, inner]));
        const sums = sumRows(
          tf.reshape(rows, [batch * count, outer * inner]),
          places,
          batch * length,
        );
        const [first, second] = outer === 1 ? [outer, length] : [length, outer];
        return tf.reshape(turn(tf.reshape(sums, [batch, first, second, inner])), x.shape);
      },
    };
  },
);

const gatherNd = defineGradient(tf.GatherNd, { inputs: ['params', 'indices'] }, (dy, saved) => {
  const [params, indices] = saved as [tf.Tensor, tf.Tensor];
  return {
    params: () => scattered(indices, dy, params.shape),
    indices: () => tf.zeros(indices.shape),
  };
});

/** `tf.scatterND`, which takes no list of no index. */
function scattered(indices: tf.Tensor, updates: tf.Tensor, shape: number[]): tf.Tensor {
  return updates.size === 0 ? tf.zeros(shape) : tf.scatterND(indices, updates, shape);
}

const scatterNd = defineGradient(tf.ScatterNd, { inputs: ['indices'] }, (dy, [indices]) => ({
  updates: () => tf.gatherND(dy, indices!),
  indices: () => tf.zeros(indices!.shape),
}));

/** 1 for each update that has remained: of several to one place, the last one. */
function remaining(indices: tf.Tensor, places: tf.Tensor): tf.Tensor {
  const rank = indices.shape.at(-1)!;
  const count = indices.size / rank;
  const numbers = placesOf([count]);
  const list = tf.reshape(indices, [count, rank]);
  const last = tf.gatherND(tf.tensorScatterUpdate(places, list, numbers), list);
  return tf.reshape(maskOf(tf.equal(last, numbers)), indices.shape.slice(0, -1));
}

/** A tensor with zeros where the indices point. */
function unwritten(tensor: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  const rank = indices.shape.at(-1)!;
  const ones = tf.ones([...indices.shape.slice(0, -1), ...tensor.shape.slice(rank)]);
  // Not by tensorScatterUpdate: that of the plain backend writes into its input.
  const written = scattered(indices, ones, tensor.shape);
  return tf.mul(tensor, maskOf(tf.equal(written, 0)));
}

const tensorScatterUpdate = defineGradient(
  tf.TensorScatterUpdate,
  { inputs: ['indices', 'updates'] },
  (dy, saved) => {
    const [indices, updates] = saved as [tf.Tensor, tf.Tensor];
    return {
      tensor: () => unwritten(dy, indices),
      updates: () => {
        const outer = dy.shape.slice(0, indices.shape.at(-1)!);
        const mask = remaining(indices, tf.zeros(outer, 'int32'));
        const rank = updates.rank - mask.rank;
        const shape = [...mask.shape, ...new Array<number>(rank).fill(1)];
        return tf.mul(tf.gatherND(dy, indices), tf.reshape(mask, shape));
      },
      indices: () => tf.zeros(indices.shape),
    };
  },
);

const sparseToDense = defineGradient(
  tf.SparseToDense,
  { inputs: ['sparseIndices', 'sparseValues', 'defaultValue'] },
  (dy, saved, { outputShape }) => {
    const [sparseIndices, values, initial] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const count = sparseIndices.rank === 0 ? 1 : sparseIndices.shape[0]!;
    const indices = () => tf.reshape(sparseIndices, [count, outputShape.length]);
    return {
      sparseValues: () => {
        const mask = remaining(indices(), tf.zeros(outputShape, 'int32'));
        return reduced(tf.mul(tf.gatherND(dy, indices()), mask), values);
      },
      defaultValue: () => {
        return tf.reshape(tf.sum(unwritten(dy, indices())), initial.shape);
      },
      sparseIndices: () => tf.zeros(sparseIndices.shape),
    };
  },
);

const topK = defineGradients(tf.TopK, { inputs: ['x'], outputs: [false, true] }, ([dy], saved) => {
  const [x, indices] = saved as [tf.Tensor, tf.Tensor];
  return {
    x: () => {
      const columns = x.shape.at(-1)!;
      const rows = x.size / Math.max(1, columns);
      const list = tf.reshape(indices, [rows, indices.shape.at(-1)!]);
      return sumAtPlaces(dy!, tf.add(list, offsets(rows, 2, columns)), x.shape);
    },
  };
});

/** The rows of a list that `ids` name, and zeros for ids that are out of range. */
function rowsOf(x: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  const count = x.shape[0]!;
  if (count === 0) return tf.zeros([...ids.shape, ...x.shape.slice(1)]);
  const zero = tf.scalar(0, 'int32');
  const inside = tf.logicalAnd(tf.greaterEqual(ids, zero), tf.less(ids, count));
  const rows = tf.gather(x, tf.where(inside, ids, tf.zerosLike(ids)) as tf.Tensor1D);
  const shape = [...ids.shape, ...new Array<number>(x.rank - 1).fill(1)];
  return tf.mul(rows, tf.reshape(maskOf(inside), shape));
}

const unsortedSegmentSum = defineGradient(
  tf.UnsortedSegmentSum,
  { inputs: ['segmentIds'] },
  (dy, [segmentIds]) => ({
    x: () => rowsOf(dy, segmentIds!),
    segmentIds: () => tf.zeros(segmentIds!.shape),
  }),
);

function sparseSegment(kernelName: string, isMean: boolean): tf.GradConfig {
  return defineGradient(kernelName, { inputs: ['data', 'indices', 'segmentIds'] }, (dy, saved) => {
    const [data, indices, segmentIds] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    return {
      data: () => {
        let gradient = dy;
        if (isMean) {
          const ones = tf.ones([segmentIds.size, 1]);
          const counts = tf.maximum(sumRows(ones, segmentIds, dy.shape[0]!), 1);
          const shape = [dy.shape[0]!, ...new Array<number>(dy.rank - 1).fill(1)];
          gradient = tf.div(dy, tf.reshape(counts, shape));
        }
        return sumRows(rowsOf(gradient, segmentIds), indices, data.shape[0]!);
      },
    };
  });
}

/** Outputs: indices, values, which rows were empty, and where each value has gone. */
const sparseFillEmptyRows = defineGradients(
  tf.SparseFillEmptyRows,
  { outputs: [false, false, false, true] },
  ([, dy], [places]) => ({
    values: () => tf.gather(dy!, places as tf.Tensor1D),
    defaultValue: () => tf.sub(tf.sum(dy!), tf.sum(tf.gather(dy!, places as tf.Tensor1D))),
  }),
);

/** Sums of weights by class; `binaryOutput` says whether there are any, which is constant. */
function bincount(kernelName: string): tf.GradConfig {
  return defineGradient(kernelName, { inputs: ['x', 'weights'] }, (dy, saved, attributes) => {
    const [x, weights] = saved as [tf.Tensor, tf.Tensor];
    return {
      weights: () => {
        if (attributes.binaryOutput || weights.size === 0) return tf.zeros(weights.shape);
        if (x.rank === 1) return rowsOf(dy, x);
        const [rows, columns] = dy.shape as [number, number];
        const inside = tf.less(x, columns);
        const within = tf.where(inside, x, tf.zerosLike(x));
        const places = tf.add(within, offsets(rows, 2, columns)) as tf.Tensor1D;
        return tf.mul(tf.gather(tf.reshape(dy, [-1]), places), maskOf(inside));
      },
      x: () => tf.zeros(x.shape),
    };
  });
}

/** Reading and writing at places that a tensor lists. */
export const placeGradients: readonly tf.GradConfig[] = [
  gather,
  gatherNd,
  scatterNd,
  tensorScatterUpdate,
  sparseToDense,
  topK,
  unsortedSegmentSum,
  sparseSegment(tf.SparseSegmentSum, false),
  sparseSegment(tf.SparseSegmentMean, true),
  sparseFillEmptyRows,
  bincount(tf.Bincount),
  bincount(tf.DenseBincount),
];
