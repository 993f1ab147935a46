import { cosine, sine } from './arithmetic.js';

/** The stroke fonts that a dial can be numbered in; all drawn for this package. */
export const numeralFonts = ['plain', 'geometric', 'angular', 'italic'] as const;

/** One of {@link numeralFonts}. */
export type NumeralFont = (typeof numeralFonts)[number];

/** A stroke is a polyline: x, y, x, y, ... in a box of height 1 with y upwards from the base line. */
type Stroke = readonly number[];

interface Glyph {
  readonly width: number;
  readonly strokes: readonly Stroke[];
}

/** Points on an axis-parallel ellipse, angles in degrees counter-clockwise from three o'clock. */
function arc(cx: number, cy: number, rx: number, ry: number, from: number, to: number): Stroke {
  const steps = Math.max(4, Math.ceil(Math.abs(to - from) / 18));
  const points: number[] = [];
  for (let step = 0; step <= steps; step++) {
    const angle = from + ((to - from) * step) / steps;
    points.push(cx + rx * cosine(angle), cy + ry * sine(angle));
  }
  return points;
}

/** The ten digits with oval bowls, closed four, straight-legged seven. */
const plainDigits: readonly Glyph[] = [
  { width: 0.56, strokes: [arc(0.28, 0.5, 0.28, 0.5, 0, 360)] },
  { width: 0.24, strokes: [[0, 0.78, 0.24, 1, 0.24, 0]] },
  { width: 0.54, strokes: [[...arc(0.27, 0.73, 0.26, 0.27, 165, -35), 0, 0, 0.54, 0]] },
  {
    width: 0.52,
    strokes: [
      [...arc(0.24, 0.755, 0.24, 0.245, 150, -90), ...arc(0.24, 0.265, 0.28, 0.265, 80, -155)],
    ],
  },
  { width: 0.6, strokes: [[0.46, 0, 0.46, 1, 0, 0.3, 0.6, 0.3]] },
  {
    width: 0.52,
    strokes: [[0.48, 1, 0.08, 1, 0.04, 0.54, ...arc(0.24, 0.32, 0.28, 0.32, 125, -150)]],
  },
  {
    width: 0.54,
    strokes: [
      arc(0.27, 0.31, 0.27, 0.31, 0, 360),
      [0.44, 0.98, 0.26, 0.9, 0.1, 0.7, 0.02, 0.45, 0, 0.31],
    ],
  },
  { width: 0.52, strokes: [[0, 1, 0.52, 1, 0.2, 0]] },
  {
    width: 0.54,
    strokes: [arc(0.27, 0.765, 0.23, 0.235, 0, 360), arc(0.27, 0.265, 0.27, 0.265, 0, 360)],
  },
  {
    width: 0.54,
    strokes: [
      arc(0.27, 0.69, 0.27, 0.31, 0, 360),
      [0.1, 0.02, 0.28, 0.1, 0.44, 0.3, 0.52, 0.55, 0.54, 0.69],
    ],
  },
];

/** Circles and straight legs: bar-like one, open round bowls, six and nine with straight stems. */
const geometricDigits: readonly Glyph[] = [
  { width: 0.7, strokes: [arc(0.35, 0.5, 0.35, 0.5, 0, 360)] },
  { width: 0.02, strokes: [[0.01, 0, 0.01, 1]] },
  { width: 0.58, strokes: [[...arc(0.29, 0.71, 0.29, 0.29, 180, -40), 0, 0, 0.58, 0]] },
  {
    width: 0.54,
    strokes: [[0.02, 1, 0.5, 1, 0.22, 0.62, ...arc(0.22, 0.31, 0.31, 0.31, 85, -140)]],
  },
  {
    width: 0.64,
    strokes: [
      [0.4, 1, 0, 0.26, 0.64, 0.26],
      [0.48, 0.5, 0.48, 0],
    ],
  },
  {
    width: 0.58,
    strokes: [[0.52, 1, 0.12, 1, 0.1, 0.56, ...arc(0.27, 0.31, 0.31, 0.31, 120, -140)]],
  },
  { width: 0.62, strokes: [arc(0.31, 0.31, 0.31, 0.31, 0, 360), [0.42, 1, 0.045, 0.47]] },
  { width: 0.56, strokes: [[0, 1, 0.56, 1, 0.16, 0]] },
  {
    width: 0.58,
    strokes: [arc(0.29, 0.77, 0.23, 0.23, 0, 360), arc(0.29, 0.27, 0.29, 0.27, 0, 360)],
  },
  { width: 0.62, strokes: [arc(0.31, 0.69, 0.31, 0.31, 0, 360), [0.2, 0, 0.575, 0.53]] },
];

/** Straight lines only, as on a stencil or a digital display. */
const angularDigits: readonly Glyph[] = [
  {
    width: 0.54,
    strokes: [
      [0.12, 0, 0.42, 0, 0.54, 0.14, 0.54, 0.86, 0.42, 1, 0.12, 1, 0, 0.86, 0, 0.14, 0.12, 0],
    ],
  },
  {
    width: 0.36,
    strokes: [
      [0.02, 0.8, 0.18, 1, 0.18, 0],
      [0, 0, 0.36, 0],
    ],
  },
  { width: 0.52, strokes: [[0, 0.84, 0.12, 1, 0.4, 1, 0.52, 0.86, 0.52, 0.64, 0, 0, 0.52, 0]] },
  {
    width: 0.52,
    strokes: [
      [0, 1, 0.4, 1, 0.52, 0.88, 0.52, 0.64, 0.4, 0.53, 0.14, 0.53],
      [0.4, 0.53, 0.52, 0.42, 0.52, 0.13, 0.4, 0, 0, 0],
    ],
  },
  {
    width: 0.54,
    strokes: [
      [0.08, 1, 0, 0.36, 0.54, 0.36],
      [0.4, 0.66, 0.4, 0],
    ],
  },
  {
    width: 0.52,
    strokes: [[0.5, 1, 0, 1, 0, 0.56, 0.4, 0.56, 0.52, 0.44, 0.52, 0.13, 0.4, 0, 0, 0]],
  },
  {
    width: 0.52,
    strokes: [
      [
        0.48, 1, 0.12, 1, 0, 0.86, 0, 0.14, 0.12, 0, 0.4, 0, 0.52, 0.14, 0.52, 0.42, 0.4, 0.54, 0,
        0.54,
      ],
    ],
  },
  { width: 0.5, strokes: [[0, 0.84, 0, 1, 0.5, 1, 0.5, 0.8, 0.18, 0.4, 0.18, 0]] },
  {
    width: 0.52,
    strokes: [
      [0.12, 0, 0.4, 0, 0.52, 0.13, 0.52, 0.42, 0.4, 0.53, 0.12, 0.53, 0, 0.42, 0, 0.13, 0.12, 0],
      [0.12, 0.53, 0.03, 0.64, 0.03, 0.88, 0.14, 1, 0.38, 1, 0.49, 0.88, 0.49, 0.64, 0.4, 0.53],
    ],
  },
  {
    width: 0.52,
    strokes: [
      [
        0.04, 0, 0.4, 0, 0.52, 0.14, 0.52, 0.86, 0.4, 1, 0.12, 1, 0, 0.86, 0, 0.58, 0.12, 0.46,
        0.52, 0.46,
      ],
    ],
  },
];

/** Leaning letter forms with an open four, a curved seven and an S-shaped eight. */
const italicDigits: readonly Glyph[] = [
  { width: 0.5, strokes: [arc(0.25, 0.5, 0.25, 0.5, 0, 360)] },
  { width: 0.26, strokes: [[0, 0.7, 0.14, 0.82, 0.22, 1, 0.22, 0]] },
  {
    width: 0.5,
    strokes: [
      [
        ...arc(0.25, 0.74, 0.24, 0.26, 170, -30),
        0.3,
        0.34,
        0.08,
        0.12,
        0,
        0,
        0.16,
        0.06,
        0.36,
        0,
        0.5,
        0.08,
      ],
    ],
  },
  {
    width: 0.48,
    strokes: [
      [...arc(0.22, 0.77, 0.22, 0.23, 160, -80), 0.16, 0.53],
      [0.16, 0.53, ...arc(0.2, 0.26, 0.27, 0.26, 75, -160)],
    ],
  },
  {
    width: 0.56,
    strokes: [
      [0.16, 1, 0.1, 0.62, 0, 0.34, 0.56, 0.36],
      [0.42, 0.72, 0.42, 0],
    ],
  },
  {
    width: 0.5,
    strokes: [
      [0.5, 0.98, 0.3, 0.95, 0.1, 1, 0.06, 0.58, ...arc(0.22, 0.31, 0.27, 0.31, 110, -155)],
    ],
  },
  {
    width: 0.5,
    strokes: [[0.42, 1, 0.2, 0.8, 0.06, 0.56, ...arc(0.25, 0.29, 0.25, 0.29, 165, 540)]],
  },
  { width: 0.52, strokes: [[0, 0.9, 0.06, 1, 0.26, 0.95, 0.52, 1, 0.3, 0.52, 0.2, 0]] },
  {
    width: 0.5,
    strokes: [
      [
        0.44,
        0.88,
        ...arc(0.25, 0.78, 0.2, 0.22, 30, 240),
        ...arc(0.26, 0.25, 0.24, 0.25, 60, -240),
        0.2,
        0.56,
        ...arc(0.27, 0.76, 0.19, 0.2, -40, 30),
      ],
    ],
  },
  {
    width: 0.5,
    strokes: [[0.5, 0.72, ...arc(0.25, 0.7, 0.25, 0.3, 0, 360), 0.5, 0.45, 0.42, 0.2, 0.3, 0]],
  },
];

const digitsOf: Readonly<Record<NumeralFont, readonly Glyph[]>> = {
  plain: plainDigits,
  geometric: geometricDigits,
  angular: angularDigits,
  italic: italicDigits,
};

const slantOf: Readonly<Record<NumeralFont, number>> = {
  plain: 0,
  geometric: 0,
  angular: 0,
  italic: 0.18,
};

const digitGap = 0.24;

/** Columns, rows and cell size of a {@link NumeralFields} field, in numeral heights. */
const fieldColumns = 80;
const fieldRows = 64;
const fieldCell = 0.025;

/**
 * The twelve numerals of a font as distance fields: in each cell the distance to the middle of the
 * nearest stroke, so that one field serves every stroke weight, size and resolution.
 */
export class NumeralFields {
  /** Half of what a field covers, in numeral heights; nothing is drawn outside. */
  static readonly halfWidth: number = ((fieldColumns - 1) / 2) * fieldCell;
  static readonly halfHeight: number = ((fieldRows - 1) / 2) * fieldCell;

  /** Half of each numeral's width between its outermost strokes' middles; hour 0 is the twelve. */
  readonly halfWidths = new Float64Array(12);
  readonly #distances: Float32Array;

  constructor(font: NumeralFont) {
    this.#distances = new Float32Array(12 * fieldRows * fieldColumns);
    for (let hour = 0; hour < 12; hour++) {
      const segments = numeralSegments(font, hour === 0 ? 12 : hour);
      this.halfWidths[hour] = segments.reduce(
        (most, value, i) => (i & 1 ? most : Math.max(most, Math.abs(value))),
        0,
      );
      let cell = hour * fieldRows * fieldColumns;
      for (let row = 0; row < fieldRows; row++) {
        const y = row * fieldCell - NumeralFields.halfHeight;
        for (let column = 0; column < fieldColumns; column++) {
          const x = column * fieldCell - NumeralFields.halfWidth;
          this.#distances[cell++] = distanceToSegments(x, y, segments);
        }
      }
    }
  }

  /**
   * Distance from a point to the middle of the nearest stroke of a numeral, in numeral heights.
   * (x, y) is relative to the numeral's centre; outside of the field the distance is infinite. Hour
   * 0 is the twelve.
   */
  distance(hour: number, x: number, y: number): number {
    if (
      x < -NumeralFields.halfWidth ||
      y < -NumeralFields.halfHeight ||
      x > NumeralFields.halfWidth - fieldCell ||
      y > NumeralFields.halfHeight - fieldCell
    ) {
      return Number.POSITIVE_INFINITY;
    }
    const column = (x + NumeralFields.halfWidth) * (1 / fieldCell);
    const row = (y + NumeralFields.halfHeight) * (1 / fieldCell);
    const column0 = column | 0;
    const row0 = row | 0;
    const fx = column - column0;
    const fy = row - row0;
    const cell = (hour * fieldRows + row0) * fieldColumns + column0;
    const d = this.#distances;
    const low = d[cell]! + (d[cell + 1]! - d[cell]!) * fx;
    const high =
      d[cell + fieldColumns]! + (d[cell + fieldColumns + 1]! - d[cell + fieldColumns]!) * fx;
    return low + (high - low) * fy;
  }
}

const fieldsByFont = new Map<NumeralFont, NumeralFields>();

/** The distance fields of a font, computed at its first use (about 20 ms) and kept. */
export function numeralFields(font: NumeralFont): NumeralFields {
  let fields = fieldsByFont.get(font);
  if (!fields) {
    fields = new NumeralFields(font);
    fieldsByFont.set(font, fields);
  }
  return fields;
}

/** All straight pieces of a numeral as x0, y0, x1, y1, ... around its centre. */
function numeralSegments(font: NumeralFont, numeral: number): readonly number[] {
  const glyphs = String(numeral)
    .split('')
    .map((digit) => digitsOf[font][Number(digit)]!);
  const width = glyphs.reduce((sum, glyph) => sum + glyph.width, digitGap * (glyphs.length - 1));
  const slant = slantOf[font];
  const segments: number[] = [];
  let left = -width / 2;
  for (const glyph of glyphs) {
    for (const stroke of glyph.strokes) {
      for (let i = 0; i + 3 < stroke.length; i += 2) {
        const y0 = stroke[i + 1]! - 0.5;
        const y1 = stroke[i + 3]! - 0.5;
        segments.push(left + stroke[i]! + slant * y0, y0, left + stroke[i + 2]! + slant * y1, y1);
      }
    }
    left += glyph.width + digitGap;
  }
  return segments;
}

function distanceToSegments(x: number, y: number, segments: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < segments.length; i += 4) {
    const x0 = segments[i]!;
    const y0 = segments[i + 1]!;
    const dx = segments[i + 2]! - x0;
    const dy = segments[i + 3]! - y0;
    const length = dx * dx + dy * dy;
    let t = length > 0 ? ((x - x0) * dx + (y - y0) * dy) / length : 0;
    t = t < 0 ? 0 : Math.min(t, 1);
    const ex = x - x0 - t * dx;
    const ey = y - y0 - t * dy;
    const squared = ex * ex + ey * ey;
    if (squared < least) least = squared;
  }
  return Math.sqrt(least);
}
