import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startSimd } from '../support.js';
import { gradientCases, kernelsWithoutGradient, withoutGradient } from './cases.js';
import { expectNumericGradients } from './numeric.js';

beforeAll(async () => {
  await startSimd({ threads: 1 });
  // tfjs's own check for leaks takes what losses keep for their gradients for a leak.
  tf.env().set('IS_TEST', false);
});

/** The operations that tfjs exports: it wraps each of them, which shows in the function's name. */
function exportedOperations(): string[] {
  const rooms = ['fused', 'image', 'linalg', 'losses', 'signal', 'sparse', 'spectral', 'string'];
  const all = Object.entries(tf).flatMap(([name, value]): [string, unknown][] =>
    rooms.includes(name)
      ? Object.entries(value).map(([inner, operation]) => [`${name}.${inner}`, operation])
      : [[name, value]],
  );
  const operations = all.filter(
    ([name, value]) =>
      typeof value === 'function' && (value.name.endsWith('__op') || name.includes('.')),
  );
  return operations.map(([name]) => name);
}

test('every operation of tfjs is compared with numeric differences, or has a reason not to be', () => {
  const operations = exportedOperations();
  expect(operations.length).toBeGreaterThan(200);
  const compared = new Set(gradientCases.map(({ op }) => op));
  const covered = (op: string) => compared.has(op) || Object.hasOwn(withoutGradient, op);
  expect(operations.filter((op) => !covered(op))).toEqual([]);
  expect(Object.keys(withoutGradient).filter((op) => compared.has(op))).toEqual([]);
});

test('every kernel of tfjs has a gradient, or a reason for none', () => {
  const kernels = tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName);
  const lacking = kernels.filter((kernel) => !tf.getGradient(kernel));
  expect(lacking.sort()).toEqual(Object.keys(kernelsWithoutGradient).sort());
});

describe.each(['simd', 'cpu'])('gradients on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
    return async () => {
      await tf.setBackend('simd');
    };
  });

  const cases = gradientCases.filter(({ notOnCpu }) => backend === 'simd' || !notOnCpu);
  test.each(cases.map((one) => [`${one.op} ${one.title ?? ''}`.trim(), one] as const))(
    '%s',
    (_, one) => expectNumericGradients(one),
  );
});
