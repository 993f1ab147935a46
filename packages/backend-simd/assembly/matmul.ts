import { madd } from './simd';

/** y += a * x over n floats. */
export function axpy(x: usize, y: usize, n: i32, a: f32): void {
  const scale = f32x4.splat(a);
  for (let i = 0; i < n; i += 4) {
    v128.store(y + (i << 2), madd(scale, v128.load(x + (i << 2)), v128.load(y + (i << 2))));
  }
}
