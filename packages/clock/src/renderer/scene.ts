import type { Camera } from './camera.js';
import { Dial } from './dial.js';
import { Light } from './light.js';
import type { ClockParameters } from './parameters.js';
import { Rim } from './rim.js';
import { createRow, leastDepth, type Row } from './row.js';
import type { Sensor } from './sensor.js';
import { Sparks } from './sparks.js';
import { Wood } from './wood.js';

/**
 * A clock on a table, seen pixel by pixel from the picture's side. On its way along a row the line of
 * sight crosses table, rim, dial, rim and table, each a run of pixels, so that every painter works on
 * runs.
 */
export class Scene {
  readonly #size: number;
  readonly #row: Row;
  readonly #wood = new Wood();
  readonly #dial: Dial;
  readonly #rim = new Rim();
  readonly #light = new Light();
  readonly #sparks = new Sparks();

  constructor(size: number) {
    this.#size = size;
    this.#row = createRow(size);
    this.#dial = new Dial(size);
  }

  /** Shows a clock to a sensor, row by row, as shades of about 0 to 1. */
  draw(
    hour: number,
    minute: number,
    parameters: ClockParameters,
    camera: Camera,
    sensor: Sensor,
  ): void {
    const size = this.#size;
    const row = this.#row;
    const step = 1 / size;
    const h = camera.inverse;
    const determinant = Math.abs(
      h[0]! * (h[4]! * h[8]! - h[5]! * h[7]!) -
        h[1]! * (h[3]! * h[8]! - h[5]! * h[6]!) +
        h[2]! * (h[3]! * h[7]! - h[4]! * h[6]!),
    );
    // The side of the square that has a pixel's area at the dial's centre, then its averaged part.
    const pixelSide = Math.sqrt(determinant) * step;
    const windowAtCenter = Math.max(pixelSide * parameters.antialiasing, 1e-5);
    this.#wood.prepare(parameters, camera, windowAtCenter);
    this.#light.prepare(parameters, camera);
    this.#dial.prepare(hour, minute, parameters, camera, this.#light);
    this.#rim.prepare(parameters, camera);
    this.#sparks.prepare(parameters, camera, size);
    row.du = h[0]! * step;
    row.dv = h[3]! * step;
    row.dw = h[6]! * step;
    for (let j = 0; j < size; j++) {
      const pictureY = (j + 0.5) * step;
      const middle = Math.max(h[6]! * 0.5 + h[7]! * pictureY + h[8]!, 0.05);
      row.window = windowAtCenter / (middle * Math.sqrt(middle));
      row.u = h[0]! * 0.5 * step + h[1]! * pictureY + h[2]!;
      row.v = h[3]! * 0.5 * step + h[4]! * pictureY + h[5]!;
      row.w = h[6]! * 0.5 * step + h[7]! * pictureY + h[8]!;
      this.#paintRow(j, 1 + parameters.rimWidth);
      this.#light.addReflection(row, pictureY);
      this.#sparks.paint(row, j);
      sensor.take(row.shade, j);
    }
  }

  /** Finds the ground points of pixels of the row, `start` being even. */
  #findGround(start: number, end: number): void {
    const { x, y, squared, du, dv, dw } = this.#row;
    let u = this.#row.u + start * du;
    let v = this.#row.v + start * dv;
    let w = this.#row.w + start * dw;
    // One division for two pixels: 1 / a = b / (a b). Rows have room for an even number of pixels.
    for (let i = start; i < end; i += 2) {
      const after = w + dw;
      const here = Math.max(w, leastDepth);
      const there = Math.max(after, leastDepth);
      const shared = 1 / (here * there);
      const depth = shared * there;
      const x0 = u * depth;
      const y0 = v * depth;
      const nextDepth = shared * here;
      const x1 = (u + du) * nextDepth;
      const y1 = (v + dv) * nextDepth;
      x[i] = x0;
      y[i] = y0;
      squared[i] = x0 * x0 + y0 * y0;
      x[i + 1] = x1;
      y[i + 1] = y1;
      squared[i + 1] = x1 * x1 + y1 * y1;
      u += 2 * du;
      v += 2 * dv;
      w = after + dw;
    }
  }

  #paintRow(j: number, rimEdge: number): void {
    const row = this.#row;
    const { squared, window } = row;
    const size = this.#size;
    // Along a straight line the distance from the centre falls to one least value and then rises:
    // each disc around the centre is one run of pixels.
    const [start, end] = runAround(row, size, this.#rim.to + window);
    this.#findGround(start, end);
    const [rimStart, rimEnd] = runWithin(squared, start, end, this.#rim.to + window);
    const [tableStart, tableEnd] = runWithin(squared, rimStart, rimEnd, rimEdge - window);
    const [dialStart, dialEnd] = runWithin(squared, tableStart, tableEnd, 1 + window);
    const [clearStart, clearEnd] = runWithin(squared, dialStart, dialEnd, this.#rim.from - window);

    this.#wood.paint(row, 0, tableStart, this.#light);
    this.#wood.paint(row, tableEnd, size, this.#light);
    this.#dial.paint(row, j, dialStart, dialEnd);
    const [litStart, litEnd] = runWithin(squared, dialStart, dialEnd, this.#light.clearRadius);
    this.#light.lightDialEdge(row, dialStart, litStart);
    this.#light.lightDialEdge(row, litEnd, dialEnd);
    this.#rim.paint(row, rimStart, clearStart, this.#light);
    this.#rim.paint(row, clearEnd, rimEnd, this.#light);
  }
}

/**
 * A run of pixels from an even one that holds all of the row within a radius of the dial's centre; all
 * of the row where perspective is so strong that the disc is no ellipse.
 */
function runAround(row: Row, size: number, radius: number): readonly [start: number, end: number] {
  const { u, v, w, du, dv, dw } = row;
  // Where (u + i du)² + (v + i dv)² < (radius (w + i dw))², a quadratic inequality in i.
  const square = radius * radius;
  const a = du * du + dv * dv - square * dw * dw;
  const b = u * du + v * dv - square * w * dw;
  const c = u * u + v * v - square * w * w;
  if (a <= 0) return [0, size];
  const discriminant = b * b - a * c;
  if (discriminant <= 0) return [0, 0];
  const root = Math.sqrt(discriminant);
  const start = Math.min(size, Math.max(0, Math.floor((-b - root) / a)));
  const end = Math.max(start, Math.min(size, Math.ceil((root - b) / a) + 1));
  return [start - (start % 2), end];
}

/** The run of squares below radius² in a stretch that falls and then rises; empty runs are at its end. */
function runWithin(
  squared: Float64Array,
  from: number,
  to: number,
  radius: number,
): readonly [start: number, end: number] {
  const limit = radius > 0 ? radius * radius : 0;
  let start = from;
  while (start < to && squared[start]! >= limit) start++;
  let end = to;
  while (end > start && squared[end - 1]! >= limit) end--;
  return [start, end];
}
