import { add, mul, squaredLength, sub, sumLanes } from './vectors';

/**
 * One epoch of UMAP's stochastic descent (McInnes, Healy and Melville 2018, algorithm 5) for the points
 * `begin` to `end`, one after another: along each edge that is due, a point is pulled to its other end
 * and pushed from points drawn at random. These moves are computed four at a time from where the point
 * is, and then added.
 *
 * @param map of the points that move, @param others of the ends of edges and of the points drawn,
 *   `count` of them. @param movesOthers 1 if ends of edges move too: then both are one map.
 * @param starts of each point's edges, by `columns`; all three of these 4 bytes each:
 *   @param periods epochs from one turn of an edge to its next, @param next epoch of its next turn,
 *   @param nextDraws epoch up to which points were drawn for it.
 * @param states of four streams of random numbers for each point, 16 bytes, none zero.
 * @param a, @param b of the similarity 1 / (1 + a d^2b).
 */
export function layOut(
  begin: i32, end: i32, map: usize, others: usize, count: u32, movesOthers: i32, starts: usize, columns: usize,
  periods: usize, next: usize, nextDraws: usize, states: usize, epoch: f32, rate: f32, a: f32, b: f32,
  repulsion: f32, drawsAnEdge: f32,
): void {
  const as4 = f32x4.splat(a), bs = f32x4.splat(b), one = f32x4.splat(1), zero = f32x4.splat(0);
  const pull = f32x4.splat(-2 * a * b), push = f32x4.splat(2 * repulsion * b);
  const most = f32x4.splat(4), least = f32x4.splat(-4), near = f32x4.splat(0.001);
  const range = f32x4.splat(<f32>count / 16777216), last = i32x4.splat(count - 1), none = i32x4.splat(0);
  for (let i = begin; i < end; i++) {
    const self = i32x4.splat(movesOthers === 0 ? -1 : i);
    const own = map + (<usize>i << 3);
    let x = load<f32>(own), y = load<f32>(own, 4);
    let state = v128.load(states + (<usize>i << 4));
    const first = <usize>load<u32>(starts + (<usize>i << 2)) << 2, stop = <usize>load<u32>(starts + (<usize>i << 2), 4) << 2;
    for (let edge = first; edge < stop; edge += 4) {
      const due = load<f32>(next + edge);
      if (due > epoch) continue;
      const period = load<f32>(periods + edge);
      store<f32>(next + edge, due + period);
      const drawPeriod = period / drawsAnEdge, drawn = load<f32>(nextDraws + edge);
      const draws = max(0, <i32>((epoch - drawn) / drawPeriod));
      store<f32>(nextDraws + edge, drawn + <f32>draws * drawPeriod);
      // The other end of the edge comes first, in lane 0; lanes beyond the last draw move nothing.
      const neighbor = load<u32>(columns + edge);
      let used = draws + 1, pulls = f32x4.eq(f32x4(0, 1, 1, 1), zero);
      for (let isFirst = true; used > 0; isFirst = false, used -= 4) {
        state = advance(state);
        let chosen = i32x4.min_u(last, i32x4.trunc_sat_f32x4_u(mul(range, f32x4.convert_i32x4_u(i32x4.shr_u(state, 8)))));
        if (isFirst) chosen = i32x4.replace_lane(chosen, 0, neighbor);
        const counts = v128.and(i32x4.gt_s(i32x4.splat(used), i32x4(0, 1, 2, 3)), i32x4.ne(chosen, self));
        const p0 = v128.load64_zero(others + (<usize>i32x4.extract_lane(chosen, 0) << 3));
        const p1 = v128.load64_zero(others + (<usize>i32x4.extract_lane(chosen, 1) << 3));
        const p2 = v128.load64_zero(others + (<usize>i32x4.extract_lane(chosen, 2) << 3));
        const p3 = v128.load64_zero(others + (<usize>i32x4.extract_lane(chosen, 3) << 3));
        const low = v128.shuffle<f32>(p0, p1, 0, 1, 4, 5), high = v128.shuffle<f32>(p2, p3, 0, 1, 4, 5);
        const dx = sub(f32x4.splat(x), v128.shuffle<f32>(low, high, 0, 2, 4, 6));
        const dy = sub(f32x4.splat(y), v128.shuffle<f32>(low, high, 1, 3, 5, 7));
        const distance = squaredLength(dx, dy);
        const power = powers(distance, bs);
        const nearness = add(one, mul(as4, power));
        const apart = f32x4.gt(distance, zero);
        const pulling = f32x4.div(mul(pull, power), mul(distance, nearness));
        const pushing = f32x4.div(push, mul(add(near, distance), nearness));
        // A point drawn that lies on this very place pushes it off at full strength.
        const factor = v128.bitselect(pulling, pushing, pulls);
        const coincident = v128.bitselect(zero, most, pulls);
        const moveX = v128.bitselect(f32x4.max(least, f32x4.min(most, mul(factor, dx))), coincident, apart);
        const moveY = v128.bitselect(f32x4.max(least, f32x4.min(most, mul(factor, dy))), coincident, apart);
        const keptX = v128.and(moveX, counts), keptY = v128.and(moveY, counts);
        if (isFirst && movesOthers !== 0) {
          const other = others + (<usize>neighbor << 3);
          store<f32>(other, load<f32>(other) - rate * f32x4.extract_lane(keptX, 0));
          store<f32>(other, load<f32>(other, 4) - rate * f32x4.extract_lane(keptY, 0), 4);
        }
        x += rate * sumLanes(keptX);
        y += rate * sumLanes(keptY);
        pulls = none;
      }
    }
    store<f32>(own, x);
    store<f32>(own, y, 4);
    v128.store(states + (<usize>i << 4), state);
  }
}

/** The next of each of four streams of random bits (xorshift: Marsaglia 2003). */
// @ts-ignore: decorator
@inline
function advance(state: v128): v128 {
  state = v128.xor(state, i32x4.shl(state, 13));
  state = v128.xor(state, i32x4.shr_u(state, 17));
  return v128.xor(state, i32x4.shl(state, 5));
}

/**
 * base^exponent for bases from 0, to about 1e-5 of it for the exponents that occur here: 2 to the
 * exponent times the binary logarithm, each by a polynomial fitted to it.
 */
// @ts-ignore: decorator
@inline
function powers(base: v128, exponent: v128): v128 {
  const one = f32x4.splat(1);
  const scale = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(base, 23), i32x4.splat(127)));
  const mantissa = v128.or(v128.and(base, i32x4.splat(0x007fffff)), one);
  const u = sub(mantissa, one);
  let log = add(mul(f32x4.splat(-0.03538652), u), f32x4.splat(0.14841236));
  log = add(mul(log, u), f32x4.splat(-0.30512161));
  log = add(mul(log, u), f32x4.splat(0.4699205));
  log = add(mul(log, u), f32x4.splat(-0.72051977));
  log = add(mul(log, u), f32x4.splat(1.4426848));
  const power = f32x4.max(
    f32x4.splat(-126), f32x4.min(f32x4.splat(126), mul(exponent, add(scale, mul(log, u)))),
  );
  const whole = f32x4.floor(power), t = sub(power, whole);
  let result = add(mul(f32x4.splat(0.01369766), t), f32x4.splat(0.05169037));
  result = add(mul(result, t), f32x4.splat(0.24163844));
  result = add(mul(result, t), f32x4.splat(0.69296612));
  result = add(mul(result, t), f32x4.splat(1.0000037));
  const bits = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(whole), i32x4.splat(127)), 23);
  return mul(result, bits);
}
