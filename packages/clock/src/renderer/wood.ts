import { bandCoverage, clampUnit, cosine, hash, hashUnit, sine } from './arithmetic.js';
import type { Camera } from './camera.js';
import type { ClockParameters } from './parameters.js';
import type { Row } from './row.js';

/** Texels on each side of the periodic grain texture. */
const tileSize = 512;
const tileMask = tileSize - 1;
/** Texels in a dial radius at wood scale 1. */
const texelsPerRadius = 100;
/** Texture units in a standard deviation of the grain. */
const unitsPerDeviation = 36;

/**
 * The grain of a plank, running along the texture's rows, in mip levels: level n has tileSize >> n
 * texels on each side. Values are in units of 1 / {@link unitsPerDeviation} standard deviations.
 */
let grainLevels: readonly Int8Array[] | undefined;

/** A table of planks, as a function of dial coordinates. */
export class Wood {
  #level = new Int8Array(0);
  #shift = 0;
  #mask = 0;
  #alongX = 0;
  #alongY = 0;
  #texels = 0;
  #plankWidth = 1;
  #seamOffset = 0;
  #seed = 0;
  #seamHalf = 0;
  #seamDarkness = 0;
  #shade = 0;
  #grain = 0;
  #tint = 0;

  /** Lays the planks; `window` is the width in dial radii that a pixel averages over. */
  prepare(parameters: ClockParameters, camera: Camera, window: number): void {
    grainLevels ??= createGrain();
    const { woodAngle, woodScale, woodSeed, woodContrast, woodShade, plankWidth } = parameters;
    const sin = sine(woodAngle);
    const cos = cosine(woodAngle);
    this.#alongX = sin * camera.turnCosine - cos * camera.turnSine;
    this.#alongY = sin * camera.turnSine + cos * camera.turnCosine;
    this.#texels = texelsPerRadius / woodScale;
    let level = 0;
    while (level < grainLevels.length - 1 && window * this.#texels > 1.4 << level) level++;
    this.#level = grainLevels[level]!;
    this.#shift = level;
    this.#mask = tileMask >> level;
    this.#plankWidth = plankWidth;
    this.#seed = woodSeed;
    this.#seamOffset = hashUnit(woodSeed ^ 0x5ea3);
    this.#seamHalf = parameters.seamWidth / 2;
    this.#seamDarkness = parameters.seamDarkness;
    this.#shade = woodShade;
    this.#grain = woodContrast / unitsPerDeviation;
    this.#tint = woodContrast;
  }

  /** Paints the pixels `from` to `to` (excluded) of a row with unlit wood. */
  paint(row: Row, from: number, to: number): void {
    const { x, y, shade, window } = row;
    const level = this.#level;
    const shift = this.#shift;
    const mask = this.#mask;
    const columns = mask + 1;
    const alongX = this.#alongX;
    const alongY = this.#alongY;
    const texels = this.#texels;
    const plankWidth = this.#plankWidth;
    const planks = 1 / plankWidth;
    const seamOffset = this.#seamOffset;
    const seamHalf = this.#seamHalf;
    const seamReach = seamHalf + window;
    const seamDarkness = this.#seamDarkness;
    const grain = this.#grain;
    let plank = Number.NaN;
    let plankShade = 0;
    let plankU = 0;
    let plankV = 0;
    for (let i = from; i < to; i++) {
      const along = x[i]! * alongX + y[i]! * alongY;
      const across = (x[i]! * alongY - y[i]! * alongX) * planks + seamOffset;
      const here = Math.floor(across);
      if (here !== plank) {
        plank = here;
        const h = hash(this.#seed ^ hash(plank + 0x4f1));
        plankU = h & tileMask;
        plankV = (h >>> 9) & tileMask;
        plankShade = this.#shade + this.#tint * ((h >>> 18) / 16384 - 0.5);
      }
      const u = Math.floor(along * texels) + plankU;
      const v = Math.floor(across * plankWidth * texels) + plankV;
      const texel = level[((v >> shift) & mask) * columns + ((u >> shift) & mask)]!;
      let value = plankShade + grain * texel;
      const inPlank = across - plank;
      const toSeam = (inPlank < 0.5 ? inPlank : 1 - inPlank) * plankWidth;
      if (toSeam < seamReach) value *= 1 - seamDarkness * bandCoverage(toSeam, seamHalf, window);
      shade[i] = value;
    }
  }
}

/**
 * Draws the grain: growth rings as wavy lines around a few knots, fibres along them, pores. Plain
 * arithmetic on hashed lattice noise, periodic in both directions.
 */
function createGrain(): readonly Int8Array[] {
  const values = new Float32Array(tileSize * tileSize);
  // Five knots bend the rings around them: [across, along, radius across, radius along, push].
  const knots = Array.from({ length: 5 }, (_, k) => ({
    v: hashUnit(k * 7 + 1) * tileSize,
    u: hashUnit(k * 7 + 2) * tileSize,
    width: 26 + 34 * hashUnit(k * 7 + 3),
    length: 70 + 120 * hashUnit(k * 7 + 4),
    push: (hashUnit(k * 7 + 5) < 0.5 ? -1 : 1) * (12 + 16 * hashUnit(k * 7 + 6)),
  }));
  let sum = 0;
  let squares = 0;
  for (let v = 0; v < tileSize; v++) {
    for (let u = 0; u < tileSize; u++) {
      let ring = v + 14 * noise(v, u, 128, 256, 11) + 5 * noise(v, u, 32, 128, 12);
      for (const knot of knots) {
        const dv = wrap(v - knot.v);
        const du = wrap(u - knot.u);
        const q = (dv * dv) / (knot.width * knot.width) + (du * du) / (knot.length * knot.length);
        ring += knot.push / (1 + q * q);
      }
      const value =
        1.1 * noise(ring, 0, 8, tileSize, 13) +
        0.8 * noise(ring, 0, 4, tileSize, 14) +
        0.9 * noise(v, u, 1, 16, 15) +
        0.5 * noise(v, u, 2, 64, 16) +
        1 * noise(v, u, 1, 2, 17) +
        0.7 * noise(v, u, 64, 256, 18);
      values[v * tileSize + u] = value;
      sum += value;
      squares += value * value;
    }
  }
  const count = values.length;
  const mean = sum / count;
  const scale = unitsPerDeviation / Math.sqrt(squares / count - mean * mean);
  let level = values.map((value) => (value - mean) * scale);
  const levels: Int8Array[] = [];
  for (let size = tileSize; size >= 16; size >>= 1) {
    levels.push(Int8Array.from(level, (value) => Math.round(Math.min(127, Math.max(-127, value)))));
    const half = size >> 1;
    const next = new Float32Array(half * half);
    for (let v = 0; v < half; v++) {
      for (let u = 0; u < half; u++) {
        const at = 2 * v * size + 2 * u;
        next[v * half + u] =
          (level[at]! + level[at + 1]! + level[at + size]! + level[at + size + 1]!) / 4;
      }
    }
    level = next;
  }
  return levels;
}

function wrap(difference: number): number {
  if (difference > tileSize / 2) return difference - tileSize;
  return difference < -tileSize / 2 ? difference + tileSize : difference;
}

/** Lattice noise in [-1, 1] with cells of cellV x cellU texels, smooth between, periodic. */
function noise(v: number, u: number, cellV: number, cellU: number, seed: number): number {
  const rows = tileSize / cellV;
  const columns = tileSize / cellU;
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
