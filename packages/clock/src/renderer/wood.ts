import { bandCoverage, clampUnit, cosine, hash, hashUnit, sine } from './arithmetic.js';
import type { Camera } from './camera.js';
import type { Light } from './light.js';
import type { ClockParameters } from './parameters.js';
import { leastDepth, type Row } from './row.js';

/** Texels of the periodic grain texture along and across the planks. */
const tileColumns = 512;
const tileRows = 256;
/** After so many planks the pieces of wood come again. */
const plankCount = 64;
/** Pixels of a row that are painted in even steps. */
const blockLength = 16;
const fixedOne = 65536;
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
  /** Texels along a plank, per dial coordinate. */
  #alongX = 0;
  #alongY = 0;
  /** Planks across, per dial coordinate, and where the first begins. */
  #acrossX = 0;
  #acrossY = 0;
  #acrossStart = 0;
  /** Texels across a plank. */
  #rows = 0;
  #plankWidth = 1;
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
    const alongX = sin * camera.turnCosine - cos * camera.turnSine;
    const alongY = sin * camera.turnSine + cos * camera.turnCosine;
    const texels = texelsPerRadius / woodScale;
    let level = 0;
    while (level < grainLevels.length - 1 && window * texels > 1.4 << level) level++;
    this.#level = grainLevels[level]!;
    this.#shift = level;
    const levelTexels = texels / (1 << level);
    this.#alongX = alongX * levelTexels;
    this.#alongY = alongY * levelTexels;
    this.#acrossX = alongY / plankWidth;
    this.#acrossY = -alongX / plankWidth;
    this.#acrossStart = hashUnit(woodSeed ^ 0x5ea3);
    this.#rows = plankWidth * levelTexels;
    this.#plankWidth = plankWidth;
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

  /**
   * Paints the pixels `from` to `to` (excluded) of a row with lit wood, block by block: exactly where
   * blocks begin, in even steps between.
   */
  paint(row: Row, from: number, to: number, light: Light): void {
    if (from >= to) return;
    const { u, v, w, du, dv, dw, shade } = row;
    const level = this.#level;
    const columnMask = (tileColumns - 1) >> this.#shift;
    const rowMask = (tileRows - 1) >> this.#shift;
    const columns = columnMask + 1;
    const rows = this.#rows;
    const grain = this.#grain;
    const seamReach = (this.#seamHalf + row.window) / this.#plankWidth;
    let depth = 1 / Math.max(w + from * dw, leastDepth);
    let x = (u + from * du) * depth;
    let y = (v + from * dv) * depth;
    let lit = light.onTable(x, y);
    let along = x * this.#alongX + y * this.#alongY;
    let across = x * this.#acrossX + y * this.#acrossY + this.#acrossStart;
    let start = from;
    while (start < to) {
      let end = Math.min(start + blockLength, to);
      const share = end - start === blockLength ? 1 / blockLength : 1 / (end - start);
      depth = 1 / Math.max(w + end * dw, leastDepth);
      x = (u + end * du) * depth;
      y = (v + end * dv) * depth;
      const litStep = (light.onTable(x, y) - lit) * share;
      const alongStep = (x * this.#alongX + y * this.#alongY - along) * share;
      const acrossStep =
        (x * this.#acrossX + y * this.#acrossY + this.#acrossStart - across) * share;

      const whole = Math.floor(across);
      let acrossEnd = across + acrossStep * (end - start);
      if (Math.floor(acrossEnd) !== whole) {
        // A block ends where its plank does.
        const boundary = acrossStep > 0 ? whole + 1 : whole;
        end = Math.min(end, start + Math.floor((boundary - across) / acrossStep) + 1);
        acrossEnd = across + acrossStep * (end - start);
      }
      const plank = whole & (plankCount - 1);
      const plankShade = this.#plankShades[plank]!;
      // Texture coordinates with sixteen bits after the point; more wraps around, as the texture does.
      let column = ((along + this.#plankColumns[plank]!) * fixedOne) | 0;
      let textureRow = (((across - whole) * rows + this.#plankRows[plank]!) * fixedOne) | 0;
      const columnStep = (alongStep * fixedOne) | 0;
      const rowStep = (acrossStep * rows * fixedOne) | 0;
      for (let i = start; i < end; i++) {
        const texel =
          level[((textureRow >> 16) & rowMask) * columns + ((column >> 16) & columnMask)]!;
        shade[i] = (plankShade + grain * texel) * lit;
        column = (column + columnStep) | 0;
        textureRow = (textureRow + rowStep) | 0;
        lit += litStep;
      }
      if (
        Math.min(across, acrossEnd) - whole < seamReach ||
        Math.max(across, acrossEnd) - whole > 1 - seamReach
      ) {
        this.#paintSeams(row, start, end, across, acrossStep);
      }
      along += alongStep * (end - start);
      across = acrossEnd;
      start = end;
    }
  }

  /** Darkens what of a block lies in a seam. */
  #paintSeams(row: Row, start: number, end: number, acrossStart: number, step: number): void {
    const { shade, window } = row;
    const perWindow = 1 / window;
    let across = acrossStart;
    for (let i = start; i < end; i++) {
      const inPlank = across - Math.floor(across);
      const toSeam = Math.min(inPlank, 1 - inPlank) * this.#plankWidth;
      const covered = bandCoverage(toSeam, this.#seamHalf, window, perWindow);
      shade[i] = shade[i]! * (1 - this.#seamDarkness * covered);
      across += step;
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
