import { add, mul, sub } from './vectors';

/**
 * One step of gradient descent with momentum and a gain for each coordinate (Jacobs 1988, as in van
 * der Maaten's t-SNE) on coordinates `begin` to `end`, multiples of four.
 *
 * @param attraction, @param repulsion the two parts of a quarter of the gradient:
 *   exaggeration * attraction - repulsion / normalizer.
 */
export function descend(
  begin: i32, end: i32, map: usize, attraction: usize, repulsion: usize, velocity: usize, gains: usize,
  exaggeration: f32, normalizer: f32, learningRate: f32, momentum: f32, minimumGain: f32,
): void {
  const exaggerations = f32x4.splat(exaggeration), shares = f32x4.splat(1 / normalizer);
  const rates = f32x4.splat(4 * learningRate), momenta = f32x4.splat(momentum);
  const least = f32x4.splat(minimumGain), zero = f32x4.splat(0);
  for (let at = <usize>begin << 2, stop = <usize>end << 2; at < stop; at += 16) {
    const gradient = sub(
      mul(exaggerations, v128.load(attraction + at)), mul(shares, v128.load(repulsion + at)),
    );
    const old = v128.load(velocity + at), gain = v128.load(gains + at);
    const turned = f32x4.lt(mul(old, gradient), zero);
    const next = f32x4.max(
      least, v128.bitselect(add(gain, f32x4.splat(0.2)), mul(gain, f32x4.splat(0.8)), turned),
    );
    const step = sub(mul(momenta, old), mul(rates, mul(next, gradient)));
    v128.store(gains + at, next);
    v128.store(velocity + at, step);
    v128.store(map + at, add(v128.load(map + at), step));
  }
}
