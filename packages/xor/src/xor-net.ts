/*
 * The network of the course: two inputs, two hidden units, one output, sigmoids everywhere, and nine
 * weights in this order, which everything in this package keeps:
 *
 *   [bias, from x1, from x2] of the first hidden unit   w0 w1 w2
 *   [bias, from x1, from x2] of the second              w3 w4 w5
 *   [bias, from h1, from h2] of the output              w6 w7 w8
 *
 * Its four cases stand in the order (0,0), (0,1), (1,0), (1,1), with the targets 0, 1, 1, 0.
 */
import { checkFinite, checkWeights } from './checks.js';

/** How many weights the network has. */
const weightCount = 9;
const weightOrder = '[bias, x1, x2] of two hidden units, then [bias, h1, h2] of the output';

/** The inputs and the target of each case. */
const xorCases = [
  [0, 0, 0],
  [0, 1, 1],
  [1, 0, 1],
  [1, 1, 0],
] as const;

/**
 * What the network answers to two inputs, between 0 and 1; from 0.5 on it counts as 1.
 *
 * @param weights - Nine: `[bias, x1, x2]` of each hidden unit, then `[bias, h1, h2]` of the output.
 * @throws ShapeError when there are not nine weights.
 * @throws InvalidArgumentError when a weight or an input is not a finite number.
 *
 * @example
 * ```ts
 * xorNet(0, 1, [-10, 20, 20, 30, -20, -20, -30, 20, 20]); // nearly 1
 * ```
 */
export function xorNet(x1: number, x2: number, weights: ArrayLike<number>): number {
  checkXorWeights(weights);
  checkFinite([x1, x2], 'the inputs');
  return answer(x1, x2, weights);
}

/** The network's answers to the four cases, in order; {@link xorNet} for each. */
export function xorOutputs(weights: ArrayLike<number>): Float64Array {
  checkXorWeights(weights);
  return Float64Array.from(xorCases, ([x1, x2]) => answer(x1, x2, weights));
}

/** The mean of the squared errors over the four cases. Same arguments and errors as {@link xorOutputs}. */
export function mse(weights: ArrayLike<number>): number {
  checkXorWeights(weights);
  let sum = 0;
  for (const [x1, x2, target] of xorCases) {
    const error = target - answer(x1, x2, weights);
    sum += error * error;
  }
  return sum / xorCases.length;
}

/** How many of the four cases fall on the wrong side of 0.5. Same arguments and errors as {@link xorOutputs}. */
export function misclassifiedCases(weights: ArrayLike<number>): number {
  checkXorWeights(weights);
  return xorCases.filter(([x1, x2, target]) => answer(x1, x2, weights) >= 0.5 !== (target === 1))
    .length;
}

/**
 * The gradient of {@link mse}: by how much it grows with each of the nine weights.
 *
 * It is -2 times {@link deltaRuleStep}, to the last bit.
 */
export function gradMse(weights: ArrayLike<number>): Float64Array {
  return deltaRuleStep(weights).map((step) => -2 * step);
}

/**
 * The step of the generalized delta rule (Rumelhart, Hinton and Williams, 1986), averaged over the
 * four cases: gradient descent adds it, times the learning rate, to the weights.
 *
 * Same arguments and errors as {@link xorOutputs}.
 */
export function deltaRuleStep(weights: ArrayLike<number>): Float64Array {
  checkXorWeights(weights);
  const step = new Float64Array(weightCount);
  for (const [x1, x2, target] of xorCases) {
    const h1 = sigmoid(weights[0]! + weights[1]! * x1 + weights[2]! * x2);
    const h2 = sigmoid(weights[3]! + weights[4]! * x1 + weights[5]! * x2);
    const y = sigmoid(weights[6]! + weights[7]! * h1 + weights[8]! * h2);
    const delta = (target - y) * y * (1 - y);
    const delta1 = weights[7]! * delta * (h1 * (1 - h1));
    const delta2 = weights[8]! * delta * (h2 * (1 - h2));
    step[0]! += delta1;
    step[1]! += delta1 * x1;
    step[2]! += delta1 * x2;
    step[3]! += delta2;
    step[4]! += delta2 * x1;
    step[5]! += delta2 * x2;
    step[6]! += delta;
    step[7]! += delta * h1;
    step[8]! += delta * h2;
  }
  return step.map((sum) => sum / xorCases.length);
}

/** The logistic function. */
function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Throws unless there are nine finite weights. */
export function checkXorWeights(weights: ArrayLike<number>): void {
  checkWeights(weights, weightCount, weightOrder);
}

function answer(x1: number, x2: number, weights: ArrayLike<number>): number {
  const h1 = sigmoid(weights[0]! + weights[1]! * x1 + weights[2]! * x2);
  const h2 = sigmoid(weights[3]! + weights[4]! * x1 + weights[5]! * x2);
  return sigmoid(weights[6]! + weights[7]! * h1 + weights[8]! * h2);
}
