import { train } from './training.js';

// For the page of plain script tags: the training, which takes tfjs as an argument.
Object.assign(globalThis, { train });
