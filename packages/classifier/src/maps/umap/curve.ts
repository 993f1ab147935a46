/** The similarity of points at distance d on the map: `1 / (1 + a d^2b)`. */
export interface SimilarityCurve {
  readonly a: number;
  readonly b: number;
}

const samples = 300;
const mostSteps = 200;

/**
 * The curve nearest, by least squares at 300 distances up to three times the spread, to one that is 1
 * up to the minimum distance and falls as `exp(-(d - minimumDistance) / spread)` from there (McInnes,
 * Healy and Melville 2018). Fitted by the method of Levenberg and Marquardt on log a and log b.
 */
export function fitCurve(minimumDistance: number, spread: number): SimilarityCurve {
  const distances = Float64Array.from(
    { length: samples },
    (_, at) => (3 * spread * at) / (samples - 1),
  );
  const wanted = distances.map((distance) =>
    distance < minimumDistance ? 1 : Math.exp(-(distance - minimumDistance) / spread),
  );
  let logA = 0;
  let logB = 0;
  let damping = 1e-3;
  let error = residuals(logA, logB).error;
  for (let step = 0; step < mostSteps; step++) {
    const { aa, ab, bb, ra, rb } = residuals(logA, logB);
    const da = aa * (1 + damping);
    const db = bb * (1 + damping);
    const determinant = da * db - ab * ab;
    const stepA = (db * ra - ab * rb) / determinant;
    const stepB = (da * rb - ab * ra) / determinant;
    const next = residuals(logA + stepA, logB + stepB).error;
    if (next <= error) {
      logA += stepA;
      logB += stepB;
      damping /= 10;
      if (Math.abs(stepA) + Math.abs(stepB) < 1e-12) break;
      error = next;
    } else damping *= 10;
    if (!(damping < 1e12)) break;
  }
  return { a: Math.exp(logA), b: Math.exp(logB) };

  /** The squared error and the normal equations at a point. */
  function residuals(atA: number, atB: number) {
    const a = Math.exp(atA);
    const b = Math.exp(atB);
    const sums = { error: 0, aa: 0, ab: 0, bb: 0, ra: 0, rb: 0 };
    for (let at = 0; at < samples; at++) {
      const distance = distances[at]!;
      const power = distance > 0 ? a * distance ** (2 * b) : 0;
      const value = 1 / (1 + power);
      const slopeA = -value * value * power;
      const slopeB = distance > 0 ? slopeA * 2 * b * Math.log(distance) : 0;
      const rest = wanted[at]! - value;
      sums.error += rest * rest;
      sums.aa += slopeA * slopeA;
      sums.ab += slopeA * slopeB;
      sums.bb += slopeB * slopeB;
      sums.ra += slopeA * rest;
      sums.rb += slopeB * rest;
    }
    return sums;
  }
}
