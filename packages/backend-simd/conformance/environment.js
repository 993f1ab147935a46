// Registers the backends and tells tfjs's spec helper which one to test, before any spec is defined.
import * as tf from '@tensorflow/tfjs-core';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { registerSimdBackend } from '../src/node.ts';

const { backendName, options } = globalThis.conformance;
registerSimdBackend(options);
setTestEnvs([{ name: backendName, backendName, isDataSync: true }]);

/** What the specs really ran on. */
globalThis.conformance.describeBackend = async () => {
  // The last spec may have ended it: the same factory starts it again.
  await tf.setBackend(backendName);
  const { threads = 1, relaxed = false } = tf.backend();
  const simd = relaxed ? 'relaxed SIMD' : 'plain SIMD';
  const kind = backendName === 'simd' ? `, ${simd}` : '';
  return `${backendName}, ${threads === 1 ? 'one thread' : `${threads} threads`}${kind}`;
};
