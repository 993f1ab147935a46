/** A two-class problem for {@link solveSvm}. */
export interface SvmProblem {
  /** `+1` or `-1` for each sample. */
  readonly signs: Int8Array;
  /** The kernel of each sample with itself. */
  readonly diagonal: Float64Array;
  /** The kernel of a sample with all samples. Valid until two more rows were asked for. */
  row(sample: number): Float32Array;
}

/** The separating function `Σ coefficients[i] k(x_i, x) - rho`. */
export interface SvmSolution {
  /** `alpha_i y_i`; 0 for what is no support vector. */
  readonly coefficients: Float64Array;
  readonly rho: number;
  readonly iterations: number;
}

/** For a kernel that is not positive definite, as in LIBSVM. */
const least = 1e-12;

/**
 * Solves the dual of the soft-margin support vector machine,
 * `min ½ α'Qα - Σα, 0 <= α_i <= C, y'α = 0`, by sequential minimal optimisation with second-order
 * choice of the working set (Fan, Chen and Lin, "Working set selection using second order information
 * for training support vector machines", JMLR 6, 2005), the method of LIBSVM.
 *
 * @param c - The penalty C.
 * @param tolerance - How far the optimality conditions may be violated at the end.
 */
export function solveSvm(problem: SvmProblem, c: number, tolerance: number): SvmSolution {
  const { signs, diagonal } = problem;
  const count = signs.length;
  const alphas = new Float64Array(count);
  const gradient = new Float64Array(count).fill(-1);
  const mayRise = (i: number) => (signs[i]! > 0 ? alphas[i]! < c : alphas[i]! > 0);
  const mayFall = (i: number) => (signs[i]! > 0 ? alphas[i]! > 0 : alphas[i]! < c);
  const limit = Math.max(10_000_000, 100 * count);

  let iterations = 0;
  for (; iterations < limit; iterations++) {
    let first = -1;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const value = -signs[i]! * gradient[i]!;
      if (value > highest && mayRise(i)) {
        highest = value;
        first = i;
      }
    }
    if (first < 0) break;

    const firstRow = problem.row(first);
    let second = -1;
    let lowest = Number.POSITIVE_INFINITY;
    let greatestGain = 0;
    for (let i = 0; i < count; i++) {
      const value = -signs[i]! * gradient[i]!;
      if (!mayFall(i)) continue;
      if (value < lowest) lowest = value;
      const difference = highest - value;
      if (difference <= 0) continue;
      const curvature = Math.max(least, diagonal[first]! + diagonal[i]! - 2 * firstRow[i]!);
      const gain = (difference * difference) / curvature;
      if (gain > greatestGain) {
        greatestGain = gain;
        second = i;
      }
    }
    if (second < 0 || highest - lowest < tolerance) break;

    const secondRow = problem.row(second);
    const curvature = Math.max(least, diagonal[first]! + diagonal[second]! - 2 * firstRow[second]!);
    const before = { first: alphas[first]!, second: alphas[second]! };
    // Along y'α = 0 the two move as α_first += y_first t and α_second -= y_second t.
    const wanted =
      (-signs[first]! * gradient[first]! + signs[second]! * gradient[second]!) / curvature;
    const room = Math.min(
      signs[first]! > 0 ? c - before.first : before.first,
      signs[second]! > 0 ? before.second : c - before.second,
    );
    const step = Math.min(wanted, room);
    alphas[first] = snapped(before.first + signs[first]! * step, c);
    alphas[second] = snapped(before.second - signs[second]! * step, c);

    const firstChange = (alphas[first]! - before.first) * signs[first]!;
    const secondChange = (alphas[second]! - before.second) * signs[second]!;
    for (let i = 0; i < count; i++) {
      gradient[i]! += signs[i]! * (firstRow[i]! * firstChange + secondRow[i]! * secondChange);
    }
  }
  const coefficients = alphas.map((alpha, i) => alpha * signs[i]!);
  return { coefficients, rho: thresholdOf(signs, alphas, gradient, c), iterations };
}

/** A multiplier next to a bound is on it, so that rounding leaves no sample free by a hair. */
function snapped(alpha: number, c: number): number {
  if (alpha < 1e-12 * c) return 0;
  return alpha > c * (1 - 1e-12) ? c : alpha;
}

/** The mean of `y_i G_i` over free support vectors; without any, the middle of what is allowed. */
function thresholdOf(
  signs: Int8Array,
  alphas: Float64Array,
  gradient: Float64Array,
  c: number,
): number {
  let [sum, free] = [0, 0];
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < signs.length; i++) {
    const value = signs[i]! * gradient[i]!;
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
