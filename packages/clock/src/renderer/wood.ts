import { bandCoverage, clampUnit, cosine, hash, hashUnit, sine } from './arithmetic.js';
import type { Camera } from './camera.js';
import type { ClockParameters } from './parameters.js';
import type { Row } from './row.js';

/** Texels of the periodic grain texture along and across the planks. */
const tileColumns = 512;
const tileRows = 256;
/** After so many planks the pieces of wood come again. */
const plankCount = 64;
/** Added before cutting off fractions, which rounds down only what is positive. */
const positive = 65536;
/** Texels in a dial radius at wood scale 1. */
const texelsPerRadius = 100;
/** Texture units in a standard deviation of the grain. */
const unitsPerDeviation = 36;

/**
 * The grain of a plank, running along the texture's rows, in mip levels: each has half the rows and
 * columns of the one before. Values are in units of 1 / {@link unitsPerDeviation} standard deviations.
 */
let grainLevels: readonly Int8Array[] | undefined;

/** A table of planks, as a function of dial coordinates. */
export class Wood {
  #level: Int8Array = new Int8Array(0);
  #shift = 0;
  #alongX = 0;
  #alongY = 0;
  #texels = 0;
  #plankWidth = 1;
  #seamOffset = 0;
  #seamHalf = 0;
  #seamDarkness = 0;
  #grain = 0;
  readonly #plankShades = new Float64Array(plankCount);
  readonly #plankColumns = new Int32Array(plankCount);
  readonly #plankRows = new Int32Array(plankCount);

  /** Lays the planks; `window` is the width in dial radii that a pixel averages over. */
  prepare(parameters: ClockParameters, camera: Camera, window: number): void {
    grainLevels ??= createGrain();
    const { woodAngle, woodScale, woodSeed, woodContrast, woodShade, plankWidth } = parameters;
    const sin = sine(woodAngle);
    const cos = cosine(woodAngle);
    this.#alongX = sin * camera.turnCosine - cos * camera.turnSine;
    this.#alongY = sin * camera.turnSine + cos * camera.turnCosine;
    const texels = texelsPerRadius / woodScale;
    let level = 0;
    while (level < grainLevels.length - 1 && window * texels > 1.4 << level) level++;
    this.#level = grainLevels[level]!;
    this.#shift = level;
    this.#texels = texels / (1 << level);
    this.#plankWidth = plankWidth;
    this.#seamOffset = hashUnit(woodSeed ^ 0x5ea3);
    this.#seamHalf = parameters.seamWidth / 2;
    this.#seamDarkness = parameters.seamDarkness;
    this.#grain = woodContrast / unitsPerDeviation;
    for (let plank = 0; plank < plankCount; plank++) {
      const h = hash(woodSeed ^ hash(plank));
      this.#plankColumns[plank] = h & 511;
      this.#plankRows[plank] = (h >>> 9) & 511;
      this.#plankShades[plank] = woodShade + woodContrast * ((h >>> 18) / 16384 - 0.5);
    }
  }

  /** Paints the pixels `from` to `to` (excluded) of a row with unlit wood. */
  paint(row: Row, from: number, to: number): void {
    const { x, y, shade, window } = row;
    const level = this.#level;
    const shift = this.#shift;
    const columnMask = (tileColumns - 1) >> shift;
    const rowMask = (tileRows - 1) >> shift;
    const columns = columnMask + 1;
    const alongX = this.#alongX * this.#texels;
    const alongY = this.#alongY * this.#texels;
    const acrossX = this.#alongY / this.#plankWidth;
    const acrossY = -this.#alongX / this.#plankWidth;
    const acrossStart = this.#seamOffset + positive;
    const rows = this.#plankWidth * this.#texels;
    const plankWidth = this.#plankWidth;
    const seamHalf = this.#seamHalf;
    const seamReach = seamHalf + window;
    const seamDarkness = this.#seamDarkness;
    const grain = this.#grain;
    const plankShades = this.#plankShades;
    const plankColumns = this.#plankColumns;
    const plankRows = this.#plankRows;
    const perWindow = 1 / window;
    for (let i = from; i < to; i++) {
      const groundX = x[i]!;
      const groundY = y[i]!;
      const across = groundX * acrossX + groundY * acrossY + acrossStart;
      const whole = across | 0;
      const inPlank = across - whole;
      const plank = whole & (plankCount - 1);
      const column = ((groundX * alongX + groundY * alongY + positive) | 0) + plankColumns[plank]!;
      const textureRow = ((inPlank * rows) | 0) + plankRows[plank]!;
      const texel = level[(textureRow & rowMask) * columns + (column & columnMask)]!;
      const toSeam = (inPlank < 0.5 ? inPlank : 1 - inPlank) * plankWidth;
      let value = plankShades[plank]! + grain * texel;
      if (toSeam < seamReach)
        value *= 1 - seamDarkness * bandCoverage(toSeam, seamHalf, window, perWindow);
      shade[i] = value;
    }
  }
}

/**
 * Draws the grain: growth rings as wavy lines around a few knots, fibres along them, pores. Plain
 * arithmetic on hashed lattice noise, periodic in both directions.
 */
function createGrain(): readonly Int8Array[] {
  const values = new Float32Array(tileRows * tileColumns);
  // A few knots bend the rings around them: [across, along, radius across, radius along, push].
  const knots = Array.from({ length: 3 }, (_, k) => ({
    v: hashUnit(k * 7 + 1) * tileRows,
    u: hashUnit(k * 7 + 2) * tileColumns,
    width: 26 + 34 * hashUnit(k * 7 + 3),
    length: 70 + 120 * hashUnit(k * 7 + 4),
    push: (hashUnit(k * 7 + 5) < 0.5 ? -1 : 1) * (12 + 16 * hashUnit(k * 7 + 6)),
  }));
  let sum = 0;
  let squares = 0;
  for (let v = 0; v < tileRows; v++) {
    for (let u = 0; u < tileColumns; u++) {
      let ring = v + 14 * noise(v, u, 128, 256, 11) + 5 * noise(v, u, 32, 128, 12);
      for (const knot of knots) {
        const dv = wrap(v - knot.v, tileRows);
        const du = wrap(u - knot.u, tileColumns);
        const q = (dv * dv) / (knot.width * knot.width) + (du * du) / (knot.length * knot.length);
        ring += knot.push / (1 + q * q);
      }
      const value =
        1.1 * noise(ring, 0, 8, tileColumns, 13) +
        0.8 * noise(ring, 0, 4, tileColumns, 14) +
        0.9 * noise(v, u, 1, 16, 15) +
        0.5 * noise(v, u, 2, 64, 16) +
        1 * noise(v, u, 1, 2, 17) +
        0.7 * noise(v, u, 64, 256, 18);
      values[v * tileColumns + u] = value;
      sum += value;
      squares += value * value;
    }
  }
  const count = values.length;
  const mean = sum / count;
  const scale = unitsPerDeviation / Math.sqrt(squares / count - mean * mean);
  let level = values.map((value) => (value - mean) * scale);
  const levels: Int8Array[] = [];
  let columns = tileColumns;
  for (let rows = tileRows; rows >= 8; rows >>= 1) {
    levels.push(Int8Array.from(level, (value) => Math.round(Math.min(127, Math.max(-127, value)))));
    const next = new Float32Array((rows * columns) / 4);
    for (let v = 0; v < rows / 2; v++) {
      for (let u = 0; u < columns / 2; u++) {
        const at = 2 * v * columns + 2 * u;
        next[(v * columns) / 2 + u] =
          (level[at]! + level[at + 1]! + level[at + columns]! + level[at + columns + 1]!) / 4;
      }
    }
    level = next;
    columns >>= 1;
  }
  return levels;
}

function wrap(difference: number, period: number): number {
  if (difference > period / 2) return difference - period;
  return difference < -period / 2 ? difference + period : difference;
}

/** Lattice noise in [-1, 1] with cells of cellV x cellU texels, smooth between, periodic. */
function noise(v: number, u: number, cellV: number, cellU: number, seed: number): number {
  const rows = tileRows / cellV;
  const columns = tileColumns / cellU;
  const y = v / cellV;
  const x = u / cellU;
  const y0 = Math.floor(y);
  const x0 = Math.floor(x);
  const row0 = ((y0 % rows) + rows) % rows;
  const row1 = (row0 + 1) % rows;
  const column0 = ((x0 % columns) + columns) % columns;
  const column1 = (column0 + 1) % columns;
  const fy = smooth(y - y0);
  const fx = smooth(x - x0);
  const low = mix(lattice(row0, column0, seed), lattice(row0, column1, seed), fx);
  const high = mix(lattice(row1, column0, seed), lattice(row1, column1, seed), fx);
  return 2 * mix(low, high, fy) - 1;
}

function lattice(row: number, column: number, seed: number): number {
  return hashUnit((seed << 24) ^ (row << 12) ^ column);
}

function smooth(t: number): number {
  const x = clampUnit(t);
  return x * x * (3 - 2 * x);
}

function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}
