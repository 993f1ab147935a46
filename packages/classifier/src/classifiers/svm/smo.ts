import type { Work } from '@nn-lab/core/work';

/** A two-class problem for {@link solveSvm}. */
export interface SvmProblem {
  /** `+1` or `-1` for each sample. */
  readonly signs: Int8Array;
  /** The kernel of each sample with itself. */
  readonly diagonal: Float64Array;
  /** What the kernels were multiplied by. Default 1. */
  readonly scale?: number;
  /** The kernel of a sample with all samples. Valid until two more rows were asked for. */
  row(sample: number): Float32Array;
}

/** The separating function `Σ coefficients[i] k(x_i, x) - rho`. */
export interface SvmSolution {
  /** `alpha_i y_i`; 0 for what is no support vector. */
  readonly coefficients: Float64Array;
  readonly rho: number;
  readonly iterations: number;
  /** Whether the conditions are met to the tolerance; if not, this is the solution of a smaller C. */
  readonly converged: boolean;
}

/**
 * Most iterations, or as many for each sample where these are many. Problems that have a solution in
 * single precision take a few for each sample. Others, such as a linear kernel of overlapping classes
 * with large values, circle near the solution: LIBSVM does so for a hundred times as long.
 */
const mostIterations = 50_000;
const iterationsPerSample = 100;

/** For a kernel that is not positive definite, as in LIBSVM. */
const leastCurvature = 1e-12;

/**
 * Solves the dual of the soft-margin support vector machine,
 * `min ½ α'Qα - Σα, 0 <= α_i <= C, y'α = 0`, by sequential minimal optimization with second-order
 * choice of the working set (Fan, Chen and Lin, "Working set selection using second order information
 * for training support vector machines", JMLR 6, 2005), the method of LIBSVM.
 *
 * @param c - The penalty C.
 * @param tolerance - How far the optimality conditions may be violated at the end.
 */
export async function solveSvm(
  problem: SvmProblem,
  c: number,
  tolerance: number,
  work: Work,
): Promise<SvmSolution> {
  const solution = await descend(problem, c, tolerance, work);
  let last = solution;
  // The separating function hardly depends on a large C, but can be found for a smaller one.
  for (let smaller = c / 100; !last.converged && smaller > 0; smaller /= 100) {
    last = await descend(problem, smaller, tolerance, work);
  }
  return { ...last, converged: solution.converged };
}

async function descend(
  problem: SvmProblem,
  c: number,
  tolerance: number,
  work: Work,
): Promise<SvmSolution> {
  const { signs, diagonal, scale = 1 } = problem;
  const least = leastCurvature * scale;
  const count = signs.length;
  const alphas = new Float64Array(count);
  // -y_i G_i, where G is the gradient: -1 everywhere at α = 0.
  const pulls = Float64Array.from(signs);
  // Whether y_i α_i may grow, and whether it may shrink.
  const mayRise = Uint8Array.from(signs, (sign) => (sign > 0 ? 1 : 0));
  const mayFall = Uint8Array.from(signs, (sign) => (sign > 0 ? 0 : 1));
  const limit = Math.max(mostIterations, iterationsPerSample * count);

  let first = firstOf(pulls, mayRise);
  let iterations = 0;
  let converged = first < 0;
  for (; iterations < limit && !converged; iterations++) {
    const highest = pulls[first]!;
    const firstRow = problem.row(first);
    const firstDiagonal = diagonal[first]!;
    let second = -1;
    let lowest = Number.POSITIVE_INFINITY;
    let greatestGain = 0;
    for (let i = 0; i < count; i++) {
      if (mayFall[i] === 0) continue;
      const pull = pulls[i]!;
      if (pull < lowest) lowest = pull;
      const difference = highest - pull;
      if (difference <= 0) continue;
      const curvature = Math.max(least, firstDiagonal + diagonal[i]! - 2 * firstRow[i]!);
      const gain = (difference * difference) / curvature;
      if (gain > greatestGain) {
        greatestGain = gain;
        second = i;
      }
    }
    converged = second < 0 || highest - lowest < tolerance;
    if (converged) break;

    const secondRow = problem.row(second);
    const curvature = Math.max(least, firstDiagonal + diagonal[second]! - 2 * firstRow[second]!);
    // Along y'α = 0, y α of the first grows by what that of the second shrinks.
    const room = Math.min(
      signs[first]! > 0 ? c - alphas[first]! : alphas[first]!,
      signs[second]! > 0 ? alphas[second]! : c - alphas[second]!,
    );
    const step = Math.min((highest - pulls[second]!) / curvature, room);
    const firstChange = move(first, step);
    const secondChange = move(second, -step);
    first = -1;
    let best = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const pull = pulls[i]! - (firstRow[i]! * firstChange + secondRow[i]! * secondChange);
      pulls[i] = pull;
      if (pull > best && mayRise[i] === 1) {
        best = pull;
        first = i;
      }
    }
    converged = first < 0;
    if (work.isDue) await work.turn();
  }
  const coefficients = alphas.map((alpha, i) => alpha * signs[i]!);
  return { coefficients, rho: thresholdOf(signs, alphas, pulls, c), iterations, converged };

  /** Lets y_i α_i grow by a step, and tells by how much it did after rounding. */
  function move(i: number, step: number): number {
    const before = alphas[i]!;
    const alpha = snapped(before + signs[i]! * step, c);
    alphas[i] = alpha;
    mayRise[i] = (signs[i]! > 0 ? alpha < c : alpha > 0) ? 1 : 0;
    mayFall[i] = (signs[i]! > 0 ? alpha > 0 : alpha < c) ? 1 : 0;
    return (alpha - before) * signs[i]!;
  }
}

/** The place of the largest pull among those that may rise; -1 when none may. */
function firstOf(pulls: Float64Array, mayRise: Uint8Array): number {
  let first = -1;
  for (let i = 0; i < pulls.length; i++) {
    if (mayRise[i] === 1 && (first < 0 || pulls[i]! > pulls[first]!)) first = i;
  }
  return first;
}

/** A multiplier next to a bound is on it, so that rounding leaves no sample free by a hair. */
function snapped(alpha: number, c: number): number {
  if (alpha < 1e-12 * c) return 0;
  return alpha > c * (1 - 1e-12) ? c : alpha;
}

/** The mean of `y_i G_i`, which is `-pull`, over free support vectors; without any, the middle of what is allowed. */
function thresholdOf(
  signs: Int8Array,
  alphas: Float64Array,
  pulls: Float64Array,
  c: number,
): number {
  let [sum, free] = [0, 0];
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < signs.length; i++) {
    const value = -pulls[i]!;
    const atZero = alphas[i] === 0;
    if (!atZero && alphas[i] !== c) {
      sum += value;
      free++;
    } else if (atZero === signs[i]! > 0) {
      high = Math.min(high, value);
    } else {
      low = Math.max(low, value);
    }
  }
  return free > 0 ? sum / free : (low + high) / 2;
}
