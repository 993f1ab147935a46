import { bandCoverage, cosine, edgeCoverage, sine } from './arithmetic.js';
import type { Camera } from './camera.js';
import type { Light } from './light.js';
import { type NumeralFields, numeralFields } from './numerals.js';
import type { ClockParameters } from './parameters.js';
import type { Row } from './row.js';

/** A dial with its ink and hands. */
export class Dial {
  readonly #size: number;
  #shade = 0;
  #gradientX = 0;
  #gradientY = 0;
  readonly #ticks: Marks<Bar>;
  readonly #numerals: Marks<Numeral>;
  readonly #hourHand = new Bar();
  readonly #minuteHand = new Bar();
  readonly #hub = new Hub();

  /** @param size - Side of the pictures in pixels. */
  constructor(size: number) {
    this.#size = size;
    this.#ticks = new Marks(60, size, () => new Bar());
    this.#numerals = new Marks(12, size, () => new Numeral());
    this.#ticks.all.forEach((tick, mark) => {
      tick.aim(6 * mark);
    });
  }

  /** Draws the dial for a time; minutes may be fractional. */
  prepare(
    hour: number,
    minute: number,
    parameters: ClockParameters,
    camera: Camera,
    light: Light,
  ): void {
    const size = this.#size;
    this.#shade = parameters.dialShade;
    this.#gradientX = this.#shade * parameters.dialGradient * light.groundX;
    this.#gradientY = this.#shade * parameters.dialGradient * light.groundY;

    const { inkShade, tickRadius } = parameters;
    for (let mark = 0; mark < 60; mark++) {
      const five = mark % 5 === 0;
      const length = five ? parameters.hourTickLength : parameters.minuteTickLength;
      const width = five ? parameters.hourTickWidth : parameters.minuteTickWidth;
      const shown = five ? parameters.hourTicks : parameters.minuteTicks;
      const tick = this.#ticks.all[mark]!;
      tick.place(tickRadius - length, tickRadius, shown ? width : 0, inkShade);
      tick.frame(camera, size, parameters.antialiasing);
    }
    for (let mark = 0; mark < 12; mark++) {
      const numeral = this.#numerals.all[mark]!;
      numeral.place(mark, parameters);
      numeral.frame(camera, size, parameters.antialiasing);
    }
    this.#ticks.start();
    this.#numerals.start();
    const { hourHandTail, hourHandLength, hourHandWidth, handShade } = parameters;
    this.#hourHand.aim(30 * (hour + minute / 60));
    this.#hourHand.place(-hourHandTail, hourHandLength, hourHandWidth, handShade);
    this.#hourHand.frame(camera, size, parameters.antialiasing);
    const { minuteHandTail, minuteHandLength, minuteHandWidth } = parameters;
    this.#minuteHand.aim(6 * minute);
    this.#minuteHand.place(-minuteHandTail, minuteHandLength, minuteHandWidth, handShade);
    this.#minuteHand.frame(camera, size, parameters.antialiasing);
    this.#hub.place(parameters.hubRadius, handShade);
    this.#hub.frame(camera, size, parameters.antialiasing);
  }

  /** Paints the pixels `from` to `to` (excluded) of row number `j` with the dial in even light. */
  paint(row: Row, j: number, from: number, to: number): void {
    const { x, y, shade } = row;
    const middle = this.#shade;
    const gradientX = this.#gradientX;
    const gradientY = this.#gradientY;
    for (let i = from; i < to; i++) shade[i] = middle + gradientX * x[i]! + gradientY * y[i]!;
    this.#ticks.paint(row, j, from, to);
    this.#numerals.paint(row, j, from, to);
    this.#hourHand.paint(row, j, from, to);
    this.#minuteHand.paint(row, j, from, to);
    this.#hub.paint(row, j, from, to);
  }
}

/** Something flat and small on the dial, with the rectangle of pixels that it may touch. */
abstract class Mark {
  protected left = 0;
  protected right = 0;
  top = 0;
  bottom = 0;
  /** Corners as x, y, x, y, ... in dial coordinates. */
  protected readonly corners = new Float64Array(8);

  /** Finds the pixels that the mark may touch in a picture of a given size. */
  frame(camera: Camera, size: number, antialiasing: number): void {
    let left = Number.POSITIVE_INFINITY;
    let right = Number.NEGATIVE_INFINITY;
    let top = Number.POSITIVE_INFINITY;
    let bottom = Number.NEGATIVE_INFINITY;
    const h = camera.homography;
    for (let corner = 0; corner < 8; corner += 2) {
      const x = this.corners[corner]!;
      const y = this.corners[corner + 1]!;
      const scale = size / (h[6]! * x + h[7]! * y + h[8]!);
      const column = (h[0]! * x + h[1]! * y + h[2]!) * scale;
      const row = (h[3]! * x + h[4]! * y + h[5]!) * scale;
      if (column < left) left = column;
      if (column > right) right = column;
      if (row < top) top = row;
      if (row > bottom) bottom = row;
    }
    // Half a window, which is wider across the direction in which the dial is foreshortened.
    const margin = 0.85 * antialiasing;
    this.left = Math.max(0, Math.ceil(left - margin - 0.5));
    this.right = Math.min(size, Math.floor(right + margin + 0.5));
    this.top = Math.max(0, Math.ceil(top - margin - 0.5));
    this.bottom = Math.min(size, Math.floor(bottom + margin + 0.5));
  }
}

/** Many marks of one ink, which need no order, with those at hand that the current row may touch. */
class Marks<M extends Mark & { paint(row: Row, j: number, from: number, to: number): void }> {
  readonly all: readonly M[];
  /** The first mark with a given top row, and for each mark the next with the same; -1 for none. */
  readonly #firstAt: Int16Array;
  readonly #nextAfter: Int16Array;
  readonly #active: M[] = [];
  #nextRow = 0;

  constructor(count: number, size: number, create: () => M) {
    this.all = Array.from({ length: count }, create);
    this.#firstAt = new Int16Array(size);
    this.#nextAfter = new Int16Array(count);
  }

  /** Gets ready for the rows of a picture from the top, after all marks have their places. */
  start(): void {
    this.#firstAt.fill(-1);
    for (let k = 0; k < this.all.length; k++) {
      const { top } = this.all[k]!;
      if (top >= this.#firstAt.length) continue;
      this.#nextAfter[k] = this.#firstAt[top]!;
      this.#firstAt[top] = k;
    }
    this.#active.length = 0;
    this.#nextRow = 0;
  }

  paint(row: Row, j: number, from: number, to: number): void {
    const active = this.#active;
    for (; this.#nextRow <= j; this.#nextRow++) {
      for (let k = this.#firstAt[this.#nextRow]!; k >= 0; k = this.#nextAfter[k]!) {
        active.push(this.all[k]!);
      }
    }
    for (let k = active.length - 1; k >= 0; k--) {
      const mark = active[k]!;
      if (j < mark.bottom) {
        mark.paint(row, j, from, to);
      } else {
        active[k] = active[active.length - 1]!;
        active.pop();
      }
    }
  }
}

/** A straight bar along a radius with square ends: a tick or a hand. */
class Bar extends Mark {
  #directionX = 0;
  #directionY = 0;
  #halfWidth = 0;
  #middle = 0;
  #halfLength = 0;
  #shade = 0;

  /** Turns the bar to an angle clockwise from twelve, before it is placed. */
  aim(degrees: number): void {
    this.#directionX = sine(degrees);
    this.#directionY = cosine(degrees);
  }

  place(start: number, end: number, width: number, shade: number): void {
    const x = this.#directionX;
    const y = this.#directionY;
    this.#halfWidth = width / 2;
    this.#middle = (end + start) / 2;
    this.#halfLength = (end - start) / 2;
    this.#shade = shade;
    const half = width / 2;
    const { corners } = this;
    corners[0] = start * x + half * y;
    corners[1] = start * y - half * x;
    corners[2] = start * x - half * y;
    corners[3] = start * y + half * x;
    corners[4] = end * x + half * y;
    corners[5] = end * y - half * x;
    corners[6] = end * x - half * y;
    corners[7] = end * y + half * x;
  }

  paint(row: Row, j: number, from: number, to: number): void {
    if (j < this.top || j >= this.bottom) return;
    const { x, y, shade, window } = row;
    const directionX = this.#directionX;
    const directionY = this.#directionY;
    const halfWidth = this.#halfWidth;
    const limit = halfWidth + window;
    const perWindow = 1 / window;
    const middle = this.#middle;
    const halfLength = this.#halfLength;
    const ink = this.#shade;
    const end = Math.min(this.right, to);
    for (let i = Math.max(this.left, from); i < end; i++) {
      const sideways = x[i]! * directionY - y[i]! * directionX;
      if (sideways > limit || sideways < -limit) continue;
      const along = x[i]! * directionX + y[i]! * directionY - middle;
      const covered =
        bandCoverage(sideways, halfWidth, window, perWindow) *
        bandCoverage(along, halfLength, window, perWindow);
      shade[i] = shade[i]! + (ink - shade[i]!) * covered;
    }
  }
}

/** One of the twelve numerals. */
class Numeral extends Mark {
  #hour = 0;
  #fields: NumeralFields | undefined;
  #x = 0;
  #y = 0;
  #cosine = 1;
  #sine = 0;
  #size = 1;
  #halfWeight = 0;
  #shade = 0;

  place(hour: number, parameters: ClockParameters): void {
    const { numeralSize, numeralRadius, numeralOrientation } = parameters;
    const sin = sine(30 * hour);
    const cos = cosine(30 * hour);
    const radial = numeralOrientation === 'radial';
    this.#hour = hour;
    this.#fields = parameters.numerals ? numeralFields(parameters.numeralFont) : undefined;
    this.#x = numeralRadius * sin;
    this.#y = numeralRadius * cos;
    this.#cosine = radial ? cos : 1;
    this.#sine = radial ? sin : 0;
    this.#size = numeralSize;
    this.#halfWeight = (parameters.numeralWeight / numeralSize) * 0.5;
    this.#shade = parameters.inkShade;
    const halfWidth = ((this.#fields?.halfWidths[hour] ?? 0) + this.#halfWeight) * numeralSize;
    const halfHeight = (0.5 + this.#halfWeight) * numeralSize;
    for (let corner = 0; corner < 4; corner++) {
      const across = corner & 1 ? halfWidth : -halfWidth;
      const up = corner & 2 ? halfHeight : -halfHeight;
      this.corners[2 * corner] = this.#x + across * this.#cosine + up * this.#sine;
      this.corners[2 * corner + 1] = this.#y - across * this.#sine + up * this.#cosine;
    }
  }

  paint(row: Row, j: number, from: number, to: number): void {
    if (this.#fields === undefined || j < this.top || j >= this.bottom) return;
    const { x, y, shade, window } = row;
    const fields = this.#fields;
    const hour = this.#hour;
    const scale = 1 / this.#size;
    const cos = this.#cosine * scale;
    const sin = this.#sine * scale;
    const halfWeight = this.#halfWeight;
    const reach = window * scale;
    const perReach = 1 / reach;
    const limit = halfWeight + reach;
    const ink = this.#shade;
    const end = Math.min(this.right, to);
    for (let i = Math.max(this.left, from); i < end; i++) {
      const dx = x[i]! - this.#x;
      const dy = y[i]! - this.#y;
      const distance = fields.distance(hour, dx * cos - dy * sin, dx * sin + dy * cos);
      if (distance > limit) continue;
      shade[i] =
        shade[i]! + (ink - shade[i]!) * bandCoverage(distance, halfWeight, reach, perReach);
    }
  }
}

/** The round cap over the hands' axis. */
class Hub extends Mark {
  #radius = 0;
  #shade = 0;

  place(radius: number, shade: number): void {
    this.#radius = radius;
    this.#shade = shade;
    this.corners.set([-radius, -radius, radius, -radius, -radius, radius, radius, radius]);
  }

  paint(row: Row, j: number, from: number, to: number): void {
    if (j < this.top || j >= this.bottom) return;
    const { squared, shade, window } = row;
    const radius = this.#radius;
    const ink = this.#shade;
    const end = Math.min(this.right, to);
    for (let i = Math.max(this.left, from); i < end; i++) {
      const beyond = Math.sqrt(squared[i]!) - radius;
      shade[i] = shade[i]! + (ink - shade[i]!) * edgeCoverage(beyond, window);
    }
  }
}
