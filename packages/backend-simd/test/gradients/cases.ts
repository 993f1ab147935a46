import * as tf from '@tensorflow/tfjs';
import { numberStream } from '../support.js';
import type { GradientCase } from './numeric.js';

const positive = [0.3, 2] as const;
const unit = [-0.9, 0.9] as const;
const above = [1.2, 3] as const;
const away = [0.6, 2.4] as const;

/** A constant between -1 and 1. */
function constant(shape: number[], seed = 5): tf.Tensor {
  const next = numberStream(seed);
  const size = tf.util.sizeFromShape(shape);
  return tf.tensor(
    Array.from({ length: size }, () => 2 * next() - 1),
    shape,
  );
}
const ints = (values: tf.TensorLike) => tf.tensor(values, undefined, 'int32');
type Run = GradientCase['run'];

/** The same operation on several sets of shapes. */
function each(
  op: string,
  shapes: readonly (readonly (readonly number[])[])[],
  run: Run,
  rest: Partial<GradientCase> = {},
): GradientCase[] {
  return shapes.map((inputs) => ({
    ...{ op, inputs, run, title: inputs.map((shape) => `[${shape}]`).join(' ') },
    ...rest,
  }));
}

/** Several ways to call an operation on inputs of the same shapes. */
function ways(
  op: string,
  inputs: readonly (readonly number[])[],
  runs: Readonly<Record<string, Run>>,
  rest: Partial<GradientCase> = {},
): GradientCase[] {
  return Object.entries(runs).map(([title, run]) => ({ op, title, inputs, run, ...rest }));
}

const unary: GradientCase[] = [
  ...(
    [
      ['abs', tf.abs],
      ['acos', tf.acos, unit],
      ['acosh', tf.acosh, above],
      ['asin', tf.asin, unit],
      ['asinh', tf.asinh],
      ['atan', tf.atan],
      ['atanh', tf.atanh, unit],
      ['ceil', tf.ceil, [0.1, 0.9]],
      ['cos', tf.cos],
      ['cosh', tf.cosh],
      ['elu', tf.elu],
      ['erf', tf.erf],
      ['exp', tf.exp],
      ['expm1', tf.expm1],
      ['floor', tf.floor, [0.1, 0.9]],
      ['log', tf.log, positive],
      ['log1p', tf.log1p, positive],
      ['logSigmoid', tf.logSigmoid],
      ['neg', tf.neg],
      ['reciprocal', tf.reciprocal, positive],
      ['relu', tf.relu],
      ['relu6', tf.relu6],
      ['round', tf.round, [0.6, 1.4]],
      ['rsqrt', tf.rsqrt, positive],
      ['selu', tf.selu],
      ['sigmoid', tf.sigmoid],
      ['sign', tf.sign],
      ['sin', tf.sin],
      ['sinh', tf.sinh],
      ['softplus', tf.softplus],
      ['sqrt', tf.sqrt, positive],
      ['square', tf.square],
      ['step', tf.step],
      ['tan', tf.tan, unit],
      ['tanh', tf.tanh],
      ['leakyRelu', (x) => tf.leakyRelu(x, 0.3)],
      ['clipByValue', (x) => tf.clipByValue(x, -0.9, 1.1)],
      ['clone', tf.clone],
      ['ensureShape', (x) => tf.ensureShape(x, [2, 4])],
      ['onesLike', tf.onesLike],
      ['zerosLike', tf.zerosLike],
    ] as [string, Run, (readonly [number, number])?][]
  ).flatMap(([op, run, range = [-2, 2] as const]) =>
    each(op, [[[2, 4]]], (x) => tf.mul(run(x), x), { range }),
  ),
  ...each('relu6', [[[8]]], tf.relu6, { range: [4, 8], title: 'near 6' }),
  ...ways('cast', [[5]], {
    'to float': (x) => tf.cast(x, 'float32'),
    'of a comparison': (x) => tf.mul(tf.cast(tf.greater(x, 0), 'float32'), x),
  }),
];

const pairs = [
  [
    [3, 4],
    [3, 4],
  ],
  [[3, 4], [4]],
  [[4], [3, 4]],
  [
    [3, 1],
    [1, 4],
  ],
  [[], [3]],
  [
    [2, 1, 3],
    [4, 1],
  ],
];
const binary: GradientCase[] = [
  ...(
    [
      ['add', tf.add],
      ['sub', tf.sub],
      ['mul', tf.mul],
      ['div', tf.div, away],
      ['divNoNan', tf.divNoNan, away],
      ['maximum', tf.maximum],
      ['minimum', tf.minimum],
      ['mod', (a, b) => tf.mod(tf.add(a, 5), b), [2.1, 2.3]],
      ['pow', tf.pow, positive],
      ['squaredDifference', tf.squaredDifference],
      ['atan2', tf.atan2, away],
    ] as [string, Run, (readonly [number, number])?][]
  ).flatMap(([op, run, range = [-2, 2] as const]) => each(op, pairs, run, { range })),
  ...each(
    'prelu',
    [
      [[3, 4], [4]],
      [
        [3, 4],
        [3, 4],
      ],
      [
        [2, 3, 4],
        [1, 4],
      ],
      [[3, 4], []],
    ],
    tf.prelu,
  ),
  ...(
    [
      ['equal', tf.equal],
      ['greater', tf.greater],
      ['greaterEqual', tf.greaterEqual],
      ['less', tf.less],
      ['lessEqual', tf.lessEqual],
      ['notEqual', tf.notEqual],
    ] as [string, typeof tf.equal][]
  ).flatMap(([op, run]) =>
    each(
      op,
      [
        [[3, 4], [4]],
        [[5], [5]],
      ],
      (a, b) => tf.where(run(a, b), tf.mul(a, 2), tf.neg(b)),
    ),
  ),
  ...(
    [
      ['logicalAnd', tf.logicalAnd],
      ['logicalOr', tf.logicalOr],
      ['logicalXor', tf.logicalXor],
    ] as [string, typeof tf.logicalAnd][]
  ).flatMap(([op, run]) =>
    each(op, [[[3, 4], [4]]], (a, b) =>
      tf.where(run(tf.greater(a, 0), tf.less(b, 1)), tf.mul(a, b), a),
    ),
  ),
  ...ways('logicalNot', [[4]], {
    '': (x) => tf.where(tf.logicalNot(tf.greater(x, 0)), x, tf.mul(x, 3)),
  }),
  ...ways('pow', [[4]], {
    'to a constant': (x) => tf.pow(x, 3),
    'negative to a whole number': (x) => tf.pow(tf.neg(tf.abs(x)), ints([1, 2, 3, 2])),
  }),
  {
    op: 'pow',
    title: 'to the power of 0 at 0',
    inputs: [[3]],
    values: [[0, 1, -2]],
    run: (x) => tf.pow(x, tf.tensor1d([0, 0, 2])),
  },
  ...each('addN', [[[3], [3], [3]]], (a, b, c) => tf.addN([a, b, tf.square(c), a])),
  ...each(
    'where',
    [
      [
        [3, 4],
        [3, 4],
      ],
      [[4], [3, 1]],
    ],
    (a, b) => tf.where(tf.greater(constant([3, 4]), 0), a, b),
  ),
  ...ways('where', [[4], [4]], {
    'by a condition of its inputs': (a, b) => tf.where(tf.greater(a, b), tf.mul(a, a), b),
  }),
  ...each(
    'dot',
    [
      [[3], [3]],
      [[2, 3], [3]],
      [
        [2, 3],
        [3, 4],
      ],
      [[3], [3, 2]],
    ],
    tf.dot,
  ),
  ...each('outerProduct', [[[3], [4]]], tf.outerProduct),
];

const axesOf: readonly [title: string, axis: number | number[] | undefined][] = [
  ['all axes', undefined],
  ['axis 0', 0],
  ['axis -1', -1],
  ['axes 0 and 2', [0, 2]],
  ['the middle axis', 1],
];
const reductions: GradientCase[] = [
  ...(
    [
      ['sum', tf.sum],
      ['mean', tf.mean],
      ['max', tf.max],
      ['min', tf.min],
      ['prod', tf.prod],
      ['logSumExp', tf.logSumExp],
    ] as [string, typeof tf.sum][]
  ).flatMap(([op, run]) =>
    axesOf.flatMap(([title, axis]) =>
      ways(op, [[2, 3, 2]], {
        [title]: (x) => run(x, axis),
        [`${title}, kept`]: (x) => tf.mul(run(x, axis, true), x),
      }),
    ),
  ),
  ...ways('sum', [[2, 1, 2, 1, 3, 2]], { 'of rank 6': (x) => tf.sum(x, [0, 4]) }),
  ...ways('mean', [[2, 1, 2, 1, 3, 2]], { 'of rank 6': (x) => tf.mean(x, [2, 5]) }),
  {
    op: 'prod',
    title: 'with one zero',
    inputs: [[2, 3]],
    values: [[0, 2, 3, 1, -1, 2]],
    run: (x) => tf.prod(x, 1),
  },
  {
    op: 'prod',
    title: 'with two zeros',
    inputs: [[2, 3]],
    values: [[0, 2, 0, 1, -1, 2]],
    run: (x) => tf.prod(x, 1),
  },

  ...([-2, 0, 1, 2] as const).flatMap((axis) =>
    [false, true].flatMap((exclusive) =>
      [false, true].flatMap((reverse) => {
        const notNegative = axis < 0 ? { notOnCpu: 'its kernel takes no negative axis' } : {};
        const title = `axis ${axis}${exclusive ? ', exclusive' : ''}${reverse ? ', reverse' : ''}`;
        return [
          ...ways(
            'cumsum',
            [[2, 3, 2]],
            { [title]: (x) => tf.cumsum(x, axis, exclusive, reverse) },
            notNegative,
          ),
          ...ways(
            'cumprod',
            [[2, 3, 2]],
            { [title]: (x) => tf.cumprod(x, axis, exclusive, reverse) },
            notNegative,
          ),
        ];
      }),
    ),
  ),
  ...ways('cumsum', [[5]], { vector: (x) => tf.cumsum(x) }),
  ...ways('cumprod', [[1]], { 'of one': (x) => tf.cumprod(x, 0, true) }),
  {
    op: 'cumprod',
    title: 'with zeros',
    inputs: [[6]],
    values: [[1, 2, 0, 3, 0, 2]],
    run: (x) => tf.cumprod(x),
  },
  ...ways('all', [[4]], { '': (x) => tf.where(tf.all(tf.greater(x, 0)), x, tf.mul(x, 2)) }),
  ...ways('any', [[4]], { '': (x) => tf.where(tf.any(tf.greater(x, 0)), x, tf.mul(x, 2)) }),
  ...ways('argMax', [[2, 3]], {
    '': (x) => tf.add(tf.cast(tf.argMax(x, 1), 'float32'), tf.sum(x, 1)),
  }),
  ...ways('argMin', [[2, 3]], {
    '': (x) => tf.add(tf.cast(tf.argMin(x, 1), 'float32'), tf.sum(x, 1)),
  }),
  ...ways('moments', [[3, 4]], {
    variance: (x) => tf.moments(x, 0).variance,
    mean: (x) => tf.moments(x, [0, 1]).mean,
    'variance, kept': (x) => tf.moments(x, 1, true).variance,
  }),
  ...ways('norm', [[3, 4]], {
    euclidean: (x) => tf.norm(x),
    'euclidean along an axis': (x) => tf.norm(x, 2, 0),
    'of 1': (x) => tf.norm(x, 1, 1),
    'of infinity': (x) => tf.norm(x, Number.POSITIVE_INFINITY, 0),
    'of minus infinity': (x) => tf.norm(x, Number.NEGATIVE_INFINITY, 0),
    frobenius: (x) => tf.norm(x, 'fro', [0, 1]),
  }),
  ...ways('euclideanNorm', [[3, 4]], { '': (x) => tf.euclideanNorm(x, 1) }),
  ...ways('softmax', [[2, 3, 4]], { '': (x) => tf.softmax(x) }),
  ...ways('logSoftmax', [[2, 3, 4]], { '': (x) => tf.logSoftmax(x) }),
];

const products: GradientCase[] = [
  ...[
    [
      [3, 4],
      [4, 2],
    ],
    [
      [2, 3, 4],
      [4, 2],
    ],
    [
      [3, 4],
      [2, 4, 2],
    ],
    [
      [2, 1, 3, 2],
      [3, 2, 2],
    ],
    [
      [1, 3, 2],
      [2, 2, 3],
    ],
  ].flatMap(([a, b]) =>
    [false, true].flatMap((left) =>
      [false, true].flatMap((right) => {
        const turned = (shape: number[], turn: boolean) =>
          turn ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
        return each(
          'matMul',
          [[turned(a!, left), turned(b!, right)]],
          (x, y) => tf.matMul(x, y, left, right),
          {
            title: `[${a}] by [${b}]${left ? ', left turned' : ''}${right ? ', right turned' : ''}`,
            ...(a!.length === 4 ? { notOnCpu: 'its product takes the wrong matrices' } : {}),
          },
        );
      }),
    ),
  ),
  ...(['linear', 'relu', 'elu', 'sigmoid', 'relu6', 'leakyrelu'] as tf.fused.Activation[]).flatMap(
    (activation) =>
      each(
        'fused.matMul',
        [[[2, 3], [3, 4], [4]]],
        (a, b, bias) => tf.fused.matMul({ a, b, bias, activation }),
        {
          title: activation,
        },
      ),
  ),
  ...each(
    'fused.matMul',
    [[[2, 3], [3, 4], [4]]],
    (a, b, alpha) => tf.fused.matMul({ a, b, activation: 'prelu', preluActivationWeights: alpha }),
    { title: 'prelu' },
  ),
  ...ways(
    'fused.matMul',
    [
      [3, 2],
      [4, 3],
    ],
    {
      turned: (a, b) => tf.fused.matMul({ a, b, transposeA: true, transposeB: true }),
    },
  ),
  ...each(
    'fused.matMul',
    [
      [[2, 2, 3], [2, 3, 4], [4]],
      [
        [2, 2, 3],
        [1, 3, 4],
        [2, 4],
      ],
      [[1, 2, 3], [3, 3, 2], [2]],
      [[2, 2, 3], [3, 4], [4]],
    ],
    (a, b, bias) => tf.fused.matMul({ a, b, bias }),
    { notOnCpu: "tfjs's fused gradient forgets broadcasting" },
  ),
  ...(
    [
      ['ij,jk->ik', [2, 3], [3, 4]],
      ['ij,jk->ki', [2, 3], [3, 4]],
      ['bij,bjk->bik', [2, 2, 3], [2, 3, 2]],
      ['bij,jk->bik', [2, 2, 3], [3, 2]],
      ['ij,ij->', [2, 3], [2, 3]],
      ['ij,kj->ik', [2, 3], [4, 3]],
      ['i,j->ij', [3], [4]],
      ['ij, jk -> ik', [2, 3], [3, 2]],
      ['bhqd,bhkd->bhqk', [1, 2, 3, 2], [1, 2, 2, 2]],
      ['ij->ji', [2, 3]],
      ['ijk->j', [2, 3, 2]],
      ['ij->', [2, 3]],
    ] as [string, ...number[][]][]
  ).flatMap(([equation, ...shapes]) =>
    each('einsum', [shapes], (...xs) => tf.einsum(equation, ...xs), { title: equation }),
  ),
  ...(
    [
      ['ijk,j->k', [2, 3, 2], [3]],
      ['ij,jk->k', [2, 3], [3, 2]],
      ['ij,kl->', [2, 2], [2, 3]],
      ['ij->ij', [2, 3]],
    ] as [string, ...number[][]][]
  ).flatMap(([equation, ...shapes]) =>
    each('einsum', [shapes], (...xs) => tf.einsum(equation, ...xs), {
      title: equation,
      notOnCpu: 'its kernel gives something else',
    }),
  ),
  ...ways('linalg.bandPart', [[3, 4]], { '': (x) => tf.linalg.bandPart(x, 1, 1) }),
  ...ways('linalg.gramSchmidt', [[3, 4]], {
    matrix: (x) => tf.linalg.gramSchmidt(x) as tf.Tensor,
    vectors: (x) => tf.stack(tf.linalg.gramSchmidt(tf.unstack(x) as tf.Tensor1D[]) as tf.Tensor[]),
  }),
  ...ways('linalg.qr', [[3, 3]], {
    q: (x) => tf.linalg.qr(x)[0],
    r: (x) => tf.linalg.qr(x)[1],
  }),
  ...ways('linalg.qr', [[4, 2]], { 'of a tall matrix': (x) => tf.linalg.qr(x)[1] }),
  ...ways('linalg.qr', [[2, 2, 2]], { 'of a batch': (x) => tf.linalg.qr(x)[0] }),
];

const windows: GradientCase[] = [
  ...(
    [
      ['same', 1, 'same', 1, 3, 3],
      ['valid', 1, 'valid', 1, 2, 3],
      ['strided', [2, 1], 'same', 1, 3, 2],
      ['dilated', 1, 'same', 2, 3, 2],
      ['dilated unevenly, valid', 1, 'valid', [1, 2], 2, 2],
      ['padded by a number', 2, 1, 1, 3, 3],
      [
        'explicitly padded',
        1,
        [
          [0, 0],
          [1, 2],
          [0, 1],
          [0, 0],
        ],
        1,
        2,
        2,
      ],
      [
        'dilated, explicitly padded',
        1,
        [
          [0, 0],
          [1, 2],
          [0, 1],
          [0, 0],
        ],
        2,
        2,
        2,
      ],
    ] as [
      string,
      number | [number, number],
      'same' | 'valid' | number | tf.backend_util.ExplicitPadding,
      number | [number, number],
      number,
      number,
    ][]
  ).flatMap(([title, strides, pad, dilations, height, width]) => [
    ...each(
      'conv2d',
      [
        [
          [2, 5, 4, 2],
          [height, width, 2, 3],
        ],
      ],
      (x, f) => tf.conv2d(x, f, strides, pad, 'NHWC', dilations),
      { title },
    ),
    ...each(
      'fused.conv2d',
      [[[1, 5, 4, 2], [height, width, 2, 3], [3]]],
      (x, filter, bias) =>
        tf.fused.conv2d({ x, filter, strides, pad, bias, dilations, activation: 'linear' }),
      {
        title,
        ...(/dilated|padded/.test(title) ? { notOnCpu: "tfjs's fused gradient refuses them" } : {}),
      },
    ),
    ...each(
      'depthwiseConv2d',
      [
        [
          [2, 5, 4, 2],
          [height, width, 2, 2],
        ],
      ],
      (x, f) =>
        tf.depthwiseConv2d(x, f, Array.isArray(strides) ? 2 : strides, pad, 'NHWC', dilations),
      { title },
    ),
    ...each(
      'separableConv2d',
      [
        [
          [1, 5, 4, 2],
          [height, width, 2, 1],
          [1, 1, 2, 3],
        ],
      ],
      (x, d, p) =>
        tf.separableConv2d(
          x,
          d,
          p,
          Array.isArray(strides) ? 2 : strides,
          typeof pad === 'string' ? pad : 'same',
          dilations,
        ),
      { title },
    ),
  ]),
  ...(['relu', 'elu', 'sigmoid', 'relu6'] as tf.fused.Activation[]).flatMap((activation) => [
    ...each(
      'fused.conv2d',
      [[[1, 4, 4, 2], [2, 2, 2, 2], [2]]],
      (x, filter, bias) =>
        tf.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias, activation, dilations: 2 }),
      { title: `${activation}, dilated`, range: [0.1, 0.9] },
    ),
    ...each(
      'fused.depthwiseConv2d',
      [[[1, 4, 4, 2], [2, 2, 2, 1], [2]]],
      (x, filter, bias) =>
        tf.fused.depthwiseConv2d({ x, filter, strides: 1, pad: 'same', bias, activation }),
      { title: activation, range: [0.1, 0.9] },
    ),
  ]),
  ...ways('fused.depthwiseConv2d', [[1, 4, 4, 2], [2, 2, 2, 1], [2]], {
    linear: (x, filter, bias) =>
      tf.fused.depthwiseConv2d({ x, filter, strides: 1, pad: 'same', bias }),
  }),
  ...ways(
    'fused.depthwiseConv2d',
    [[1, 4, 4, 2], [2, 2, 2, 1], [2]],
    {
      dilated: (x, filter, bias) =>
        tf.fused.depthwiseConv2d({ x, filter, strides: 1, pad: 'same', bias, dilations: 2 }),
    },
    { notOnCpu: "tfjs's fused gradient refuses it" },
  ),
  ...ways(
    'conv2d',
    [
      [1, 2, 4, 5],
      [3, 2, 2, 3],
    ],
    {
      'channels first': (x, f) => tf.conv2d(x, f, 1, 'same', 'NCHW'),
      'channels first, dilated': (x, f) => tf.conv2d(x, f, 1, 'same', 'NCHW', 2),
    },
  ),
  ...ways(
    'conv2d',
    [
      [5, 4, 2],
      [3, 2, 2, 3],
    ],
    { 'of one picture': (x, f) => tf.conv2d(x, f, 2, 'same') },
  ),
  ...ways(
    'conv2d',
    [
      [1, 6, 6, 1],
      [3, 3, 1, 2],
    ],
    {
      'rounded down': (x, f) => tf.conv2d(x, f, 2, 0, 'NHWC', 1, 'floor'),
    },
  ),
  ...ways(
    'conv1d',
    [
      [2, 6, 2],
      [3, 2, 3],
    ],
    {
      same: (x, f) => tf.conv1d(x, f, 1, 'same'),
      strided: (x, f) => tf.conv1d(x, f, 2, 'valid'),
      dilated: (x, f) => tf.conv1d(x, f, 1, 'same', 'NWC', 2),
    },
  ),
  ...ways(
    'conv2dTranspose',
    [
      [1, 3, 2, 2],
      [3, 2, 3, 2],
    ],
    {
      same: (x, f) => tf.conv2dTranspose(x, f, [1, 6, 4, 3], 2, 'same'),
      valid: (x, f) => tf.conv2dTranspose(x, f, [1, 5, 3, 3], 1, 'valid'),
    },
  ),
  ...ways(
    'conv3d',
    [
      [1, 3, 4, 3, 2],
      [2, 2, 2, 2, 2],
    ],
    {
      same: (x, f) => tf.conv3d(x, f, 1, 'same'),
      strided: (x, f) => tf.conv3d(x, f, [1, 2, 1], 'valid'),
      dilated: (x, f) => tf.conv3d(x, f, 1, 'same', 'NDHWC', [1, 2, 2]),
    },
  ),
  ...ways(
    'conv3d',
    [
      [3, 3, 3, 1],
      [2, 2, 2, 1, 2],
    ],
    { 'of one volume': (x, f) => tf.conv3d(x, f, 1, 'valid') },
  ),
  ...ways(
    'conv3dTranspose',
    [
      [1, 2, 2, 2, 2],
      [2, 2, 2, 1, 2],
    ],
    {
      same: (x, f) => tf.conv3dTranspose(x, f, [1, 4, 4, 4, 1], 2, 'same'),
      valid: (x, f) => tf.conv3dTranspose(x, f, [1, 3, 3, 3, 1], 1, 'valid'),
    },
  ),
  ...(['maxPool', 'avgPool'] as const).flatMap((op) => {
    const pool = op === 'maxPool' ? tf.maxPool : tf.avgPool;
    return [
      ...ways(op, [[1, 5, 4, 2]], {
        same: (x) => pool(x, 3, 1, 'same'),
        'same, strided': (x) => pool(x, [3, 2], 2, 'same'),
        valid: (x) => pool(x, 2, 1, 'valid'),
        'padded by a number': (x) => pool(x, 3, 1, 1),
        'explicitly padded': (x) =>
          pool(x, 2, 1, [
            [0, 0],
            [1, 0],
            [0, 1],
            [0, 0],
          ]),
        'rounded up': (x) => pool(x, 2, 2, 0, 'ceil'),
        'rounded down': (x) => pool(x, 2, 2, 1, 'floor'),
      }),
      ...ways(op, [[4, 4, 1]], { 'of one picture': (x) => pool(x, 2, 2, 'same') }),
      ...ways(op, [[1, 4, 4, 4]], { quarters: (x) => pool(x, 2, 2, 'valid') }),
    ];
  }),
  ...(['maxPool3d', 'avgPool3d'] as const).flatMap((op) => {
    const pool = op === 'maxPool3d' ? tf.maxPool3d : tf.avgPool3d;
    return [
      ...ways(op, [[1, 3, 3, 4, 1]], {
        same: (x) => pool(x, 2, 1, 'same'),
        'same, strided': (x) => pool(x, [2, 3, 2], [1, 2, 2], 'same'),
        valid: (x) => pool(x, 2, 1, 'valid'),
        'padded by a number': (x) => pool(x, 2, 2, 1, 'floor'),
      }),
      ...ways(op, [[3, 3, 3, 1]], { 'of one volume': (x) => pool(x, 2, 1, 'valid') }),
    ];
  }),
  ...ways('maxPoolWithArgmax', [[1, 4, 5, 2]], {
    same: (x) => tf.maxPoolWithArgmax(x, [2, 2], [1, 2], 'same').result!,
    valid: (x) => tf.maxPoolWithArgmax(x, [2, 3], 1, 'valid', true).result!,
  }),
  ...ways('pool', [[1, 6, 6, 1]], {
    'average, dilated': (x) => tf.pool(x, 2, 'avg', 'valid', 2, 1),
    'maximum, dilated, same': (x) => tf.pool(x, 2, 'max', 'same', 2, 1),
    'average, same': (x) => tf.pool(x, 3, 'avg', 'same'),
  }),
  ...ways(
    'dilation2d',
    [
      [1, 5, 4, 1],
      [2, 2, 1],
    ],
    {
      same: (x, f) => tf.dilation2d(x, f, 1, 'same'),
      strided: (x, f) => tf.dilation2d(x, f, 2, 'valid'),
      dilated: (x, f) => tf.dilation2d(x, f, 1, 'same', [2, 1]),
    },
  ),
  ...ways('localResponseNormalization', [[1, 2, 2, 5]], {
    '': (x) => tf.localResponseNormalization(x, 1, 1.5, 0.7, 0.6),
  }),
  ...ways('localResponseNormalization', [[2, 2, 4]], {
    'of rank 3': (x) => tf.localResponseNormalization(x, 2),
  }),
];

const statistics = (
  run: (x: tf.Tensor, m: tf.Tensor, v: tf.Tensor, o: tf.Tensor, s: tf.Tensor) => tf.Tensor,
): Run => run as Run;
const normalizations: GradientCase[] = (
  [
    ['batchNorm2d', [4, 3], tf.batchNorm2d],
    ['batchNorm3d', [2, 2, 3], tf.batchNorm3d],
    ['batchNorm4d', [2, 2, 1, 3], tf.batchNorm4d],
    ['batchNorm', [2, 2, 2, 3], tf.batchNorm],
  ] as unknown as [string, number[], typeof tf.batchNorm][]
).flatMap(([op, shape, run]) => [
  ...each(
    op,
    [[shape, [3], [3], [3], [3]]],
    statistics((x, m, v, o, s) =>
      run(x as never, m as never, v as never, o as never, s as never, 0.1),
    ),
    { range: positive },
  ),
  ...each(op, [[shape, [3], [3]]], (x, m, v) => run(x, m, v), {
    range: positive,
    title: 'without scale and offset',
  }),
  ...each(
    op,
    [[shape, shape, shape, shape, shape]],
    statistics((x, m, v, o, s) => run(x as never, m as never, v as never, o as never, s as never)),
    { range: positive, title: 'with statistics of each element' },
  ),
  ...each(op, [[shape, [3], [3], [3]]], (x, m, v, s) => run(x, m, v, undefined, s), {
    range: positive,
    title: 'without offset',
  }),
]);
const broadStatistics: GradientCase[] = each(
  'batchNorm',
  [
    [
      [2, 2, 2, 3],
      [1, 1, 1, 3],
      [1, 1, 1, 3],
      [1, 1, 1, 3],
      [1, 1, 1, 3],
    ],
  ],
  (x, m, v, o, s) => tf.batchNorm(x, m, v, o, s),
  { range: positive, title: 'with statistics of size 1' },
);

const arrangements: GradientCase[] = [
  ...ways('reshape', [[2, 6]], { '': (x) => tf.reshape(x, [3, 4]) }),
  ...ways('expandDims', [[2, 3]], {
    '': (x) => tf.expandDims(x, 1),
    'at the end': (x) => tf.expandDims(x, -1),
  }),
  ...ways('squeeze', [[1, 3, 1]], {
    '': (x) => tf.squeeze(x),
    'of one axis': (x) => tf.squeeze(x, [2]),
  }),
  ...ways('transpose', [[2, 3, 2]], {
    '': (x) => tf.transpose(x),
    permuted: (x) => tf.transpose(x, [1, 2, 0]),
  }),
  ...each(
    'concat',
    [
      [
        [2, 3],
        [2, 1],
        [2, 2],
      ],
    ],
    (a, b, c) => tf.concat([a, b, c, a.slice([0, 0], [2, 2])], -1),
  ),
  ...each('concat1d', [[[2], [3]]], (a, b) => tf.concat1d([a, b])),
  ...each(
    'concat2d',
    [
      [
        [1, 3],
        [2, 3],
      ],
    ],
    (a, b) => tf.concat2d([a, b], 0),
  ),
  ...each(
    'concat3d',
    [
      [
        [1, 3, 1],
        [1, 2, 1],
      ],
    ],
    (a, b) => tf.concat3d([a, b], 1),
  ),
  ...each(
    'concat4d',
    [
      [
        [1, 1, 2, 2],
        [1, 1, 2, 1],
      ],
    ],
    (a, b) => tf.concat4d([a, b], 3),
  ),
  ...each(
    'stack',
    [
      [
        [2, 3],
        [2, 3],
      ],
    ],
    (a, b) => tf.stack([a, b], 1),
  ),
  ...ways('stack', [[2, 3]], {
    'at the end': (a) => tf.stack([a, tf.square(a)], -1),
    one: (a) => tf.stack([a]),
  }),
  ...ways('unstack', [[2, 3]], {
    '': (x) => tf.unstack(x, 1)[2]!,
    'of one': (x) => tf.unstack(tf.reshape(x, [1, 6]))[0]!,
    several: (x) => tf.add(tf.unstack(x)[0]!, tf.unstack(x, 0)[1]!),
  }),
  ...ways('split', [[2, 6]], {
    '': (x) => tf.split(x, 3, 1)[1]!,
    'in sizes': (x) => tf.mul(tf.split(x, [1, 3, 2], -1)[2]!, 2),
    'of one': (x) => tf.split(x, 1)[0]!,
  }),
  ...ways('slice', [[3, 4]], {
    '': (x) => tf.slice(x, [1, 1], [2, 2]),
    'to the end': (x) => tf.slice(x, [1, 2]),
  }),
  ...ways('slice1d', [[5]], { '': (x) => tf.slice1d(x, 1, 3) }),
  ...ways('slice2d', [[3, 3]], { '': (x) => tf.slice2d(x, [1, 0], [2, 2]) }),
  ...ways('slice3d', [[2, 2, 3]], { '': (x) => tf.slice3d(x, [0, 1, 1], [2, 1, 2]) }),
  ...ways('slice4d', [[1, 2, 2, 3]], { '': (x) => tf.slice4d(x, [0, 1, 0, 1], [1, 1, 2, 2]) }),
  ...ways('stridedSlice', [[5, 4]], {
    '': (x) => tf.stridedSlice(x, [0, 1], [5, 4], [2, 2]),
    backwards: (x) => tf.stridedSlice(x, [4, 3], [0, 0], [-2, -1]),
    'with masks': (x) => tf.stridedSlice(x, [1, 1], [3, 3], [1, 1], 1, 2),
    'with an axis less': (x) => tf.stridedSlice(x, [1, 0], [2, 4], [1, 3], 0, 0, 0, 0, 1),
    'with a new axis': (x) => tf.stridedSlice(x, [0, 1], [1, 3], [1, 1], 0, 0, 0, 1),
    nothing: (x) => tf.stridedSlice(x, [0, 0], [5, 4], [1, 1]),
  }),
  ...ways('pad', [[2, 3]], {
    '': (x) =>
      tf.pad(
        x,
        [
          [1, 0],
          [0, 2],
        ],
        3,
      ),
  }),
  ...ways('pad1d', [[3]], { '': (x) => tf.pad1d(x, [1, 2]) }),
  ...ways('pad2d', [[2, 2]], {
    '': (x) =>
      tf.pad2d(x, [
        [1, 2],
        [0, 1],
      ]),
  }),
  ...ways('pad3d', [[1, 2, 2]], {
    '': (x) =>
      tf.pad3d(x, [
        [1, 0],
        [0, 1],
        [1, 1],
      ]),
  }),
  ...ways('pad4d', [[1, 2, 1, 2]], {
    '': (x) =>
      tf.pad4d(x, [
        [1, 0],
        [0, 1],
        [1, 1],
        [0, 0],
      ]),
  }),
  ...(['reflect', 'symmetric'] as const).flatMap((mode) => [
    ...ways('mirrorPad', [[3, 4]], {
      [mode]: (x) =>
        tf.mirrorPad(
          x,
          [
            [2, 1],
            [0, 3],
          ],
          mode,
        ),
    }),
    ...ways('mirrorPad', [[2, 3, 2]], {
      [`${mode}, rank 3`]: (x) =>
        tf.mirrorPad(
          x,
          [
            [1, 1],
            [2, 2],
            [1, 0],
          ],
          mode,
        ),
    }),
  ]),
  ...ways('tile', [[2, 3]], {
    '': (x) => tf.tile(x, [2, 3]),
    'one axis': (x) => tf.tile(x, [1, 2]),
    'no axis': (x) => tf.tile(x, [1, 1]),
  }),
  ...ways('tile', [[1, 2, 1, 2, 1, 2]], { 'of rank 6': (x) => tf.tile(x, [2, 1, 2, 2, 1, 1]) }),
  ...ways('tile', [[2, 1, 2, 1, 2]], { 'of rank 5': (x) => tf.tile(x, [1, 3, 2, 1, 2]) }),
  ...each('broadcastTo', [[[3]], [[2, 1]], [[2, 3]], [[]]], (x) => tf.broadcastTo(x, [2, 3])),
  ...ways('broadcastTo', [[2, 1]], { 'of rank 5': (x) => tf.broadcastTo(x, [2, 1, 2, 2, 3]) }),
  ...ways('reverse', [[2, 3]], {
    '': (x) => tf.reverse(x),
    'of one axis': (x) => tf.reverse(x, -1),
  }),
  ...ways('reverse1d', [[4]], { '': (x) => tf.reverse1d(x) }),
  ...ways('reverse2d', [[2, 3]], { '': (x) => tf.reverse2d(x, 1) }),
  ...ways('reverse3d', [[2, 2, 2]], { '': (x) => tf.reverse3d(x, [0, 2]) }),
  ...ways('reverse4d', [[1, 2, 2, 2]], { '': (x) => tf.reverse4d(x, [1, 3]) }),
  ...ways('batchToSpaceND', [[4, 2, 2, 1]], {
    '': (x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
    cropped: (x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [1, 0],
          [0, 1],
        ],
      ),
  }),
  ...ways('spaceToBatchND', [[1, 4, 3, 1]], {
    '': (x) =>
      tf.spaceToBatchND(
        x,
        [2, 2],
        [
          [0, 0],
          [1, 0],
        ],
      ),
  }),
  ...ways('depthToSpace', [[2, 2, 1, 8]], { '': (x) => tf.depthToSpace(x, 2) }),
  ...ways('depthToSpace', [[1, 1, 2, 9]], { 'of three': (x) => tf.depthToSpace(x, 3) }),
  ...each('diag', [[[3]], [[2, 2]]], (x) => tf.diag(x)),
  ...each('meshgrid', [[[2], [3]]], (a, b) => {
    const [first, second] = tf.meshgrid(a, b);
    return tf.mul(first!, second!);
  }),
  ...ways('meshgrid', [[2], [3]], {
    'by rows': (a, b) =>
      tf.add(...(tf.meshgrid(a, b, { indexing: 'ij' }) as [tf.Tensor, tf.Tensor])),
  }),
  ...ways('signal.frame', [[7]], {
    '': (x) => tf.signal.frame(x, 3, 2),
    padded: (x) => tf.signal.frame(x, 3, 2, true, 1),
  }),
  ...each('movingAverage', [[[3], [3]]], (v, x) => tf.movingAverage(v, x, 0.9, 3), { title: '' }),
];

const places: GradientCase[] = [
  ...ways('gather', [[4, 3]], {
    '': (x) => tf.gather(x, [2, 0, 2]),
    'of a matrix of places': (x) =>
      tf.gather(
        x,
        ints([
          [2, 0],
          [3, 2],
        ]),
      ),
    'along the last axis': (x) => tf.gather(x, [2, 0, 2], -1),
    'of one place': (x) => tf.gather(x, 1),
  }),
  ...ways('gather', [[2, 3, 2]], {
    'along the middle axis': (x) =>
      tf.gather(
        x,
        ints([
          [2, 0],
          [2, 2],
        ]),
        1,
      ),
    'in a batch': (x) =>
      tf.gather(
        x,
        ints([
          [2, 0],
          [1, 1],
        ]),
        1,
        1,
      ),
    'in a batch, along the last axis': (x) =>
      tf.gather(
        x,
        ints([
          [1, 0, 1],
          [1, 1, 0],
        ]),
        2,
        1,
      ),
  }),
  ...ways('gatherND', [[3, 2, 2]], {
    elements: (x) =>
      tf.gatherND(
        x,
        ints([
          [0, 1, 1],
          [2, 0, 1],
          [0, 1, 1],
        ]),
      ),
    rows: (x) => tf.gatherND(x, ints([[2], [0], [2]])),
    'a matrix of rows': (x) => tf.gatherND(x, ints([[[2, 1]], [[0, 1]]])),
  }),
  ...ways('scatterND', [[3, 2]], { '': (x) => tf.scatterND(ints([[1], [3], [1]]), x, [4, 2]) }),
  ...ways('scatterND', [[3]], {
    elements: (x) =>
      tf.scatterND(
        ints([
          [1, 1],
          [0, 2],
          [1, 1],
        ]),
        x,
        [2, 3],
      ),
  }),
  ...each(
    'tensorScatterUpdate',
    [
      [
        [4, 2],
        [3, 2],
      ],
    ],
    (x, u) => tf.tensorScatterUpdate(x, ints([[1], [3], [0]]), u),
  ),
  ...each(
    'tensorScatterUpdate',
    [
      [
        [4, 2],
        [3, 2],
      ],
    ],
    (x, u) => tf.tensorScatterUpdate(x, ints([[1], [3], [1]]), u),
    { title: 'twice to one place' },
  ),
  ...each(
    'tensorScatterUpdate',
    [[[2, 3], [2]]],
    (x, u) =>
      tf.tensorScatterUpdate(
        x,
        ints([
          [1, 1],
          [0, 2],
        ]),
        u,
      ),
    { title: 'elements' },
  ),
  ...each('sparseToDense', [[[3], []]], (v, d) => tf.sparseToDense(ints([0, 4, 2]), v, [6], d)),
  ...each(
    'sparseToDense',
    [[[2], []]],
    (v, d) =>
      tf.sparseToDense(
        ints([
          [0, 1],
          [1, 2],
        ]),
        v,
        [2, 3],
        d,
      ),
    { title: 'a matrix' },
  ),
  ...each('sparseToDense', [[[], []]], (v, d) => tf.sparseToDense(ints([0, 4, 2]), v, [6], d), {
    title: 'one value',
  }),
  ...ways('topk', [[2, 5]], {
    '': (x) => tf.topk(x, 3).values,
    one: (x) => tf.topk(x, 1).values,
    all: (x) => tf.topk(x, 5).values,
  }),
  ...ways('topk', [[5]], { vector: (x) => tf.topk(x, 2).values }),
  ...ways('unsortedSegmentSum', [[4, 3]], {
    '': (x) => tf.unsortedSegmentSum(x, tf.tensor1d([1, 0, 1, 2], 'int32'), 3),
    'with ids out of range': (x) =>
      tf.unsortedSegmentSum(x, tf.tensor1d([1, -1, 1, 0], 'int32'), 3),
  }),
  ...ways('sparse.sparseSegmentSum', [[4, 2]], {
    '': (x) =>
      tf.sparse.sparseSegmentSum(
        x,
        tf.tensor1d([2, 0, 2, 1], 'int32'),
        tf.tensor1d([0, 0, 1, 2], 'int32'),
      ),
  }),
  ...ways('sparse.sparseSegmentMean', [[4, 2]], {
    '': (x) =>
      tf.sparse.sparseSegmentMean(
        x,
        tf.tensor1d([2, 0, 2, 1], 'int32'),
        tf.tensor1d([0, 0, 0, 2], 'int32'),
      ),
  }),
  ...each(
    'sparse.sparseFillEmptyRows',
    [[[3], []]],
    (v, d) =>
      tf.sparse.sparseFillEmptyRows(
        tf.tensor2d(
          [
            [0, 0],
            [2, 1],
            [2, 0],
          ],
          [3, 2],
          'int32',
        ),
        v,
        tf.tensor1d([4, 2], 'int32'),
        d,
      ).outputValues!,
  ),
  ...ways('bincount', [[5]], {
    '': (w) => tf.bincount(tf.tensor1d([0, 2, 2, 1, 7], 'int32'), w, 4),
  }),
  ...ways('denseBincount', [[5]], {
    '': (w) => tf.denseBincount(tf.tensor1d([0, 2, 2, 1, 7], 'int32'), w, 4),
  }),
  ...ways('denseBincount', [[2, 3]], {
    'of rows': (w) =>
      tf.denseBincount(
        tf.tensor2d(
          [
            [0, 2, 2],
            [1, 1, 9],
          ],
          [2, 3],
          'int32',
        ),
        w,
        4,
      ),
  }),
];

const sampled =
  "the plain backend's gradient kernels exchange sides and do not mind halfPixelCenters";
const images: GradientCase[] = [
  ...(['resizeBilinear', 'resizeNearestNeighbor'] as const).flatMap((name) => {
    const resize = tf.image[name];
    return [
      ...ways(`image.${name}`, [[1, 4, 4, 2]], {
        larger: (x) => resize(x, [7, 5]),
        smaller: (x) => resize(x, [2, 2]),
        'with corners': (x) => resize(x, [5, 7], true),
        'to one': (x) => resize(x, [1, 1]),
      }),
      ...ways(`image.${name}`, [[3, 3, 2]], { 'of rank 3': (x) => resize(x, [5, 4]) }),
      ...ways(
        `image.${name}`,
        [[1, 3, 4, 2]],
        {
          'higher than wide, smaller': (x) =>
            resize(tf.reshape(x, [1, 4, 3, 2]) as tf.Tensor4D, [3, 2]),
          'half pixels': (x) => resize(x, [7, 5], false, true),
          'half pixels, smaller': (x) => resize(x, [2, 3], false, true),
        },
        { notOnCpu: sampled },
      ),
    ];
  }),
  ...(['bilinear', 'nearest'] as const).flatMap((method) => [
    ...ways('image.cropAndResize', [[2, 4, 5, 2]], {
      [`${method}, pictures`]: (x) =>
        tf.image.cropAndResize(
          x,
          tf.tensor2d([
            [0.1, 0.13, 0.83, 0.9],
            [-0.4, 0.21, 0.62, 1.31],
            [0, 0, 1, 1],
          ]),
          tf.tensor1d([1, 0, 1], 'int32'),
          [3, 2],
          method,
          0.5,
        ),
      [`${method}, one pixel`]: (x) =>
        tf.image.cropAndResize(
          x,
          tf.tensor2d([[0.1, 0.13, 0.83, 0.9]]),
          tf.tensor1d([1], 'int32'),
          [1, 1],
          method,
        ),
    }),
  ]),
  {
    op: 'image.cropAndResize',
    title: 'boxes',
    inputs: [[2, 4]],
    values: [[0.11, 0.13, 0.83, 0.9, -0.4, 0.21, 0.62, 1.31]],
    run: (boxes: tf.Tensor2D) =>
      tf.image.cropAndResize(
        constant([2, 4, 5, 2]) as tf.Tensor4D,
        boxes,
        tf.tensor1d([1, 0], 'int32'),
        [3, 2],
        'bilinear',
        0.5,
      ),
  },
  ...ways('image.flipLeftRight', [[2, 2, 3, 2]], { '': (x) => tf.image.flipLeftRight(x) }),
  ...ways('image.rotateWithOffset', [[2, 4, 5, 2]], {
    '': (x) => tf.image.rotateWithOffset(x, 0.7),
    'with a centre and a fill': (x) =>
      tf.image.rotateWithOffset(x, -1.1, [0.2, 0.4, 0.6], [0.3, 0.6]),
  }),
  ...(['constant', 'reflect', 'wrap', 'nearest'] as const).flatMap((fill) =>
    (['nearest', 'bilinear'] as const).flatMap((interpolation) => [
      ...ways('image.transform', [[1, 4, 5, 2]], {
        [`${fill}, ${interpolation}, picture`]: (x) =>
          tf.image.transform(
            x,
            tf.tensor2d([[0.91, 0.23, -2.3, -0.17, 1.13, 1.6, 0.011, 0.023]]),
            interpolation,
            fill,
            0.7,
            [5, 4],
          ),
      }),
      {
        op: 'image.transform',
        title: `${fill}, ${interpolation}, transform`,
        inputs: [[1, 6]],
        values: [[0.91, 0.23, -2.32, -0.17, 1.13, 1.62]],
        run: (t: tf.Tensor2D) =>
          tf.image.transform(
            constant([1, 4, 5, 1]) as tf.Tensor4D,
            tf.concat([t, tf.zeros([1, 2])], 1) as tf.Tensor2D,
            interpolation,
            fill,
            0.7,
            [2, 2],
          ),
      },
    ]),
  ),
  ...ways('image.grayscaleToRGB', [[2, 3, 1]], { '': (x) => tf.image.grayscaleToRGB(x) }),
  ...ways('image.grayscaleToRGB', [[2, 1, 2, 2, 1]], {
    'of rank 5': (x) => tf.image.grayscaleToRGB(x),
  }),
  ...ways('image.rgbToGrayscale', [[2, 2, 3]], { '': (x) => tf.image.rgbToGrayscale(x) }),
  ...ways('image.rgbToGrayscale', [[1, 2, 2, 3]], {
    'of a batch': (x) => tf.image.rgbToGrayscale(x),
  }),
];

const { Reduction } = tf;
const losses: GradientCase[] = [
  ...(
    [
      ['absoluteDifference', tf.losses.absoluteDifference],
      ['hingeLoss', (l, p, w) => tf.losses.hingeLoss(tf.mul(l, 0.4), tf.mul(p, 0.4), w)],
      ['huberLoss', (l, p, w) => tf.losses.huberLoss(l, p, w, 0.7)],
      ['logLoss', tf.losses.logLoss, [0.2, 0.8]],
      ['meanSquaredError', tf.losses.meanSquaredError],
      ['sigmoidCrossEntropy', tf.losses.sigmoidCrossEntropy],
    ] as [string, Run, (readonly [number, number])?][]
  ).flatMap(([name, run, range = [-2, 2] as const]) => [
    ...each(`losses.${name}`, [[[3, 4], [3, 4], [4]]], run, { range }),
    ...each(`losses.${name}`, [[[5], [5]]], run, { range, title: 'without weights' }),
  ]),
  ...each(
    'losses.computeWeightedLoss',
    [
      [
        [3, 4],
        [3, 1],
      ],
    ],
    (l, w) => tf.losses.computeWeightedLoss(l, w),
  ),
  ...ways(
    'losses.computeWeightedLoss',
    [[3, 4], [4]],
    {
      mean: (l, w) => tf.losses.computeWeightedLoss(l, w, Reduction.MEAN),
      sum: (l, w) => tf.losses.computeWeightedLoss(l, w, Reduction.SUM),
      none: (l, w) => tf.losses.computeWeightedLoss(l, w, Reduction.NONE),
    },
    { range: positive },
  ),
  ...each(
    'losses.cosineDistance',
    [
      [
        [3, 4],
        [3, 4],
      ],
    ],
    (l, p) => tf.losses.cosineDistance(l, p, 1),
  ),
  ...ways('losses.softmaxCrossEntropy', [[3, 4]], {
    '': (x) => tf.losses.softmaxCrossEntropy(tf.oneHot([1, 3, 0], 4), x),
    smoothed: (x) => tf.losses.softmaxCrossEntropy(tf.oneHot([1, 3, 0], 4), x, undefined, 0.2),
  }),
];

const cells: GradientCase[] = [
  ...each('basicLSTMCell', [[[5, 8], [8], [2, 3], [2, 2], [2, 2]]], (kernel, bias, data, c, h) =>
    tf.concat(tf.basicLSTMCell(1, kernel, bias, data, c, h), 1),
  ),
  ...each(
    'multiRNNCell',
    [
      [
        [5, 8],
        [4, 8],
        [2, 3],
        [2, 2],
        [2, 2],
      ],
    ],
    (first, second, data, c, h) => {
      const cell =
        (kernel: tf.Tensor2D) => (d: tf.Tensor2D, old: tf.Tensor2D, output: tf.Tensor2D) =>
          tf.basicLSTMCell(0.5, kernel, tf.zeros([8]), d, old, output);
      const [cs, hs] = tf.multiRNNCell([cell(first), cell(second)], data, [c, c], [h, h]);
      return tf.concat([...cs, ...hs], 1);
    },
  ),
  ...ways('dropout', [[4, 5]], {
    '': (x) => tf.dropout(x, 0.4, undefined, 7),
    'of whole rows': (x) => tf.dropout(x, 0.5, [4, 1], 3),
  }),
  ...ways('sum', [[2, 3]], {
    'gelu of tanh': (x) =>
      tf.mul(
        tf.mul(x, 0.5),
        tf.add(1, tf.tanh(tf.mul(0.79788, tf.add(x, tf.mul(0.0447, tf.pow(x, 3)))))),
      ),
    'gelu of erf': (x) => tf.mul(tf.mul(x, 0.5), tf.add(1, tf.erf(tf.div(x, Math.SQRT2)))),
    'what is used twice': (x) => tf.mul(tf.softmax(tf.mul(x, x)), tf.sum(x, 1, true)),
  }),
  ...(['isFinite', 'isInf', 'isNaN'] as const).flatMap((op) => {
    const test = { isFinite: tf.isFinite, isInf: tf.isInf, isNaN: tf.isNaN }[op];
    return ways(op, [[4]], { '': (x) => tf.where(test(x), tf.mul(x, 2), tf.square(x)) });
  }),
  ...ways('oneHot', [[3]], {
    '': (x) => tf.mul(tf.oneHot(tf.cast(tf.abs(x), 'int32'), 3), tf.expandDims(x, 1)),
  }),
];

/** Every operation of tfjs that has a gradient, in many shapes. */
export const gradientCases: readonly GradientCase[] = [
  ...unary,
  ...binary,
  ...reductions,
  ...products,
  ...windows,
  ...normalizations,
  ...broadStatistics,
  ...arrangements,
  ...places,
  ...images,
  ...losses,
  ...cells,
];

const complexNumbers =
  'tfjs requires every gradient to be float32: none can pass through complex numbers';
const random = 'draws numbers that do not depend on a tensor';
const wholeNumbers = 'takes or gives whole numbers';
const strings = 'works on strings';
const selection = 'gives places, which jump';

/** The operations that are not compared, and why. */
export const withoutGradient: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['complex', 'real', 'imag', 'fft', 'ifft', 'rfft', 'irfft', 'signal.stft'].map((op) => [
      op,
      complexNumbers,
    ]),
  ),
  ...Object.fromEntries(
    ['spectral.fft', 'spectral.ifft', 'spectral.rfft', 'spectral.irfft'].map((op) => [
      op,
      complexNumbers,
    ]),
  ),
  ...Object.fromEntries(
    [
      'multinomial',
      'rand',
      'randomGamma',
      'randomNormal',
      'randomStandardNormal',
      'randomUniform',
      'randomUniformInt',
      'truncatedNormal',
    ].map((op) => [op, random]),
  ),
  ...Object.fromEntries(
    [
      'bitwiseAnd',
      'broadcastArgs',
      'eye',
      'raggedRange',
      'searchSorted',
      'sparse.sparseReshape',
      'signal.hammingWindow',
      'signal.hannWindow',
    ].map((op) => [op, wholeNumbers]),
  ),
  ...Object.fromEntries(
    ['stringNGrams', 'stringSplit', 'stringToHashBucketFast', 'staticRegexReplace'].map((op) => [
      `string.${op}`,
      strings,
    ]),
  ),
  ...Object.fromEntries(
    [
      'nonMaxSuppression',
      'nonMaxSuppressionAsync',
      'nonMaxSuppressionWithScore',
      'nonMaxSuppressionWithScoreAsync',
      'nonMaxSuppressionPadded',
      'nonMaxSuppressionPaddedAsync',
      'threshold',
    ].map((op) => [`image.${op}`, selection]),
  ),
  floorDiv: 'has the gradient of a division, as the specs of tfjs want it',
  unique: selection,
  raggedGather: 'tfjs hands its gradient no list of tensors, of which the rows depend',
  raggedTensorToTensor: 'tfjs hands its gradient no list of tensors, of which the rows depend',
};

const ofGradients = 'is a gradient: those of gradients are left to tfjs';
const fused = 'tfjs records the operation that it serves';

/** The kernels without a gradient, and why. */
export const kernelsWithoutGradient: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      'AvgPool3DGrad',
      'AvgPoolGrad',
      'Conv2DBackpropFilter',
      'Conv3DBackpropFilterV2',
      'DepthwiseConv2dNativeBackpropFilter',
      'DepthwiseConv2dNativeBackpropInput',
      'Dilation2DBackpropFilter',
      'Dilation2DBackpropInput',
      'EluGrad',
      'LRNGrad',
      'MaxPool3DGrad',
      'MaxPoolGrad',
      'ResizeBilinearGrad',
      'ResizeNearestNeighborGrad',
    ].map((kernel) => [kernel, ofGradients]),
  ),
  ...Object.fromEntries(
    ['_FusedMatMul', 'FusedConv2D', 'FusedDepthwiseConv2D'].map((kernel) => [kernel, fused]),
  ),
  ...Object.fromEntries(
    ['Complex', 'Real', 'Imag', 'FFT', 'IFFT'].map((kernel) => [kernel, complexNumbers]),
  ),
  ...Object.fromEntries(
    ['StaticRegexReplace', 'StringNGrams', 'StringSplit', 'StringToHashBucketFast'].map(
      (kernel) => [kernel, strings],
    ),
  ),
  ...Object.fromEntries(
    ['BitwiseAnd', 'BroadcastArgs', 'RaggedRange', 'SearchSorted', 'SparseReshape'].map(
      (kernel) => [kernel, wholeNumbers],
    ),
  ),
  ...Object.fromEntries(
    ['Fill', 'LinSpace', 'Range', 'Draw'].map((kernel) => [kernel, 'takes no tensor to learn']),
  ),
  ...Object.fromEntries(
    ['NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5', 'Unique'].map(
      (kernel) => [kernel, selection],
    ),
  ),
  Multinomial: random,
  RaggedGather: withoutGradient.raggedGather!,
  RaggedTensorToTensor: withoutGradient.raggedTensorToTensor!,
};
