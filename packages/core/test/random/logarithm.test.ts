import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { naturalLog } from '../../src/random/logarithm.js';

const bits = new DataView(new ArrayBuffer(8));

function doubleFrom(high: number, low: number): number {
  bits.setUint32(0, high);
  bits.setUint32(4, low);
  return bits.getFloat64(0);
}

/** ln(x) scaled by 2^160, by an artanh series in whole numbers: no floating point takes part. */
function bigLog(x: number): bigint {
  const scale = 160n;
  bits.setFloat64(0, x);
  const exponent = ((bits.getUint32(0) >>> 20) & 0x7ff) - 1023;
  const fraction = bits.getBigUint64(0) & 0xfffffffffffffn;
  const mantissa = ((1n << 52n) | fraction) << (scale - 52n); // in [1, 2)
  const one = 1n << scale;
  return artanhTwice(mantissa - one, mantissa + one) + BigInt(exponent) * artanhTwice(1n, 3n);

  function artanhTwice(numerator: bigint, denominator: bigint): bigint {
    const z = (numerator << scale) / denominator;
    const square = (z * z) >> scale;
    let term = z;
    let sum = 0n;
    for (let k = 1n; term !== 0n; k += 2n) {
      sum += term / k;
      term = (term * square) >> scale;
    }
    return 2n * sum;
  }
}

/** |value - ln x| in units of the last place of value. */
function errorInUlps(x: number): number {
  const value = naturalLog(x);
  bits.setFloat64(0, value);
  const exponent = Math.max(((bits.getUint32(0) >>> 20) & 0x7ff) - 1023, -1022);
  const mantissa = BigInt(value * 2 ** (52 - exponent)); // exact
  const shift = 160 - 52 + exponent;
  const exact = shift >= 0 ? mantissa << BigInt(shift) : mantissa >> BigInt(-shift);
  const difference = exact - bigLog(x);
  return Number(difference < 0n ? -difference : difference) / 2 ** shift;
}

describe('naturalLog', () => {
  it('is the double nearest to the true logarithm', () => {
    const positiveNormal = fc
      .tuple(fc.integer({ min: 1 << 20, max: 0x7fefffff }), fc.integer({ min: 0, max: 0xffffffff }))
      .map(([high, low]) => doubleFrom(high, low));
    const inUnit = fc.double({ min: 2 ** -60, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.oneof(positiveNormal, inUnit), (x) => {
        fc.pre(x !== 1);
        expect(errorInUlps(x)).toBeLessThan(0.5 + 2 ** -16);
      }),
      { numRuns: 3000, seed: 1 },
    );
  });

  it.each([
    [1, 0],
    [2, Math.LN2],
    [0.5, -Math.LN2],
    [10, Math.LN10],
    [1024, 10 * Math.LN2],
  ])('of %d is %d', (x, expected) => {
    expect(naturalLog(x)).toBe(expected);
  });
});
