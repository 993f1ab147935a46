// What run.mjs bundles: one instance of tfjs-core for the published specs, for the stock cpu backend
// and for ours. The order of the imports is the order in which they run.
import './environment.js';
import '@tensorflow/tfjs-core/dist/tests.js';
