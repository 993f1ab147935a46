// Registers the backends and tells tfjs's spec helper which one to test, before any spec is defined.
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { registerSimdBackend } from '../src/node.ts';

const { backendName, options } = globalThis.conformance;
registerSimdBackend(options);
setTestEnvs([{ name: backendName, backendName, isDataSync: true }]);
