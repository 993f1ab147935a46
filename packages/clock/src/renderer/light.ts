import { clampUnit, cosine, sine } from './arithmetic.js';
import { type Camera, project } from './camera.js';
import type { ClockParameters } from './parameters.js';
import type { Row } from './row.js';

/** The shadow on the dial is soft over 0.05 radii: the slope in the square over the ridge's radius. */
const shadowSlope = 10;
/** The crescent begins at this radius, and where the cosine of the angle to the lamp is this. */
const crescentFrom = 0.93;
const crescentFacing = -0.8;

/** A far lamp, its shadows, and its reflection in the clock's glass. */
export class Light {
  /** Unit vector to the lamp, in dial coordinates. */
  x = 0;
  y = 0;
  z = 1;
  /** Half way between lamp and camera: where a mirror's normal points to reflect the lamp. */
  halfX = 0;
  halfY = 0;
  halfZ = 1;
  /** Unit vector to the lamp along the table. */
  groundX = 0;
  groundY = 1;
  /** Share of the light that comes from everywhere. */
  ambient = 1;
  /** On the dial, nothing within this radius is in shadow or in the crescent of light. */
  clearRadius = 0;
  #crescent = 0;

  #woodGradient = 0;
  #shadow = 0;
  #shadowX = 0;
  #shadowY = 0;
  #ridge = 0;
  #rimEdge = 0;

  #glare = false;
  #glareX = 0;
  #glareY = 0;
  #middleRadius = 0;
  #haloRadius = 0;
  #glareStrength = 0;
  #haloStrength = 0;

  prepare(parameters: ClockParameters, camera: Camera): void {
    const { lightDirection, lightElevation, ambient, rimHeight, rimWidth, rimRidge } = parameters;
    const ground = cosine(lightElevation);
    const tableX = sine(lightDirection);
    const tableY = cosine(lightDirection);
    this.groundX = tableX * camera.turnCosine - tableY * camera.turnSine;
    this.groundY = tableX * camera.turnSine + tableY * camera.turnCosine;
    this.x = this.groundX * ground;
    this.y = this.groundY * ground;
    this.z = sine(lightElevation);

    const distance = Math.sqrt(camera.x * camera.x + camera.y * camera.y + camera.z * camera.z);
    const halfX = this.x + camera.x / distance;
    const halfY = this.y + camera.y / distance;
    const halfZ = this.z + camera.z / distance;
    const length = Math.sqrt(halfX * halfX + halfY * halfY + halfZ * halfZ);
    this.halfX = halfX / length;
    this.halfY = halfY / length;
    this.halfZ = halfZ / length;

    this.ambient = ambient;
    this.#crescent = parameters.crescent;
    this.#woodGradient = parameters.woodGradient;

    const throwLength = (rimHeight * ground) / this.z;
    this.#shadow = parameters.shadow;
    this.#shadowX = this.groundX * throwLength;
    this.#shadowY = this.groundY * throwLength;
    this.#rimEdge = 1 + rimWidth;
    this.#ridge = 1 + rimWidth * rimRidge;
    const shadowFrom = Math.sqrt(this.#ridge * this.#ridge - (0.5 / shadowSlope) * this.#ridge);
    this.clearRadius = Math.min(shadowFrom - throwLength, crescentFrom);

    this.#glare = parameters.glare;
    const { glareRadius, glareDirection, glareSize } = parameters;
    const glareTableX = glareRadius * sine(glareDirection);
    const glareTableY = glareRadius * cosine(glareDirection);
    const [glareX, glareY] = project(
      camera.homography,
      glareTableX * camera.turnCosine - glareTableY * camera.turnSine,
      glareTableX * camera.turnSine + glareTableY * camera.turnCosine,
    );
    this.#glareX = glareX;
    this.#glareY = glareY;
    // A dial radius at the dial's centre, in picture widths.
    const radius = parameters.scale / (2 * (1 + rimWidth));
    this.#middleRadius = 2.4 * glareSize * radius;
    this.#haloRadius = 6 * glareSize * radius;
    this.#glareStrength = parameters.glareStrength;
    this.#haloStrength = parameters.glareHalo;
  }

  /**
   * Lights the painted dial's outer part: the shadow of the rim, and the crescent of light along the
   * edge opposite to the lamp, where the glass's bevel catches it. Within {@link clearRadius} there is
   * neither.
   */
  lightDialEdge(row: Row, from: number, to: number): void {
    const { x, y, squared, shade } = row;
    const groundX = this.groundX;
    const groundY = this.groundY;
    const shadow = this.#shadow;
    const shadowX = this.#shadowX;
    const shadowY = this.#shadowY;
    const ridgeSquared = this.#ridge * this.#ridge;
    const slope = shadowSlope / this.#ridge;
    const crescent = this.#crescent;
    for (let i = from; i < to; i++) {
      const dx = x[i]! + shadowX;
      const dy = y[i]! + shadowY;
      const covered = clampUnit((dx * dx + dy * dy - ridgeSquared) * slope + 0.5);
      let value = shade[i]! * (1 - shadow * covered);
      const towards = x[i]! * groundX + y[i]! * groundY;
      if (towards < crescentFacing * crescentFrom && squared[i]! > crescentFrom * crescentFrom) {
        const radius = Math.sqrt(squared[i]!);
        const facing = (towards / radius / crescentFacing - 1) * 4;
        if (facing > 0) {
          value += crescent * facing * facing * clampUnit((radius - crescentFrom) * 14);
        }
      }
      shade[i] = value;
    }
  }

  /**
   * Factor on the table's shade at the ground point (x, y): gradient, the clock's shadow, and the dusk
   * next to the rim.
   */
  onTable(x: number, y: number): number {
    const light = 1 + this.#woodGradient * (x * this.groundX + y * this.groundY);
    const square = x * x + y * y;
    const edge = this.#rimEdge;
    if (square > 4 * edge * edge) return light;
    const dx = x + 1.6 * this.#shadowX;
    const dy = y + 1.6 * this.#shadowY;
    // Soft over 0.17 radii in the shadow and 0.1 in the dusk, as functions of squared distances.
    const covered = clampUnit(((edge * edge - dx * dx - dy * dy) * 3) / edge + 0.5);
    const dusk = Math.max(0, 0.3 - ((square - edge * edge) * 1.5) / edge);
    return light * (1 - this.#shadow * (covered + dusk * (1 - covered)));
  }

  /** Adds the reflection's haze and blinding middle to a row of the picture. */
  addReflection(row: Row, pictureY: number): void {
    if (!this.#glare) return;
    const { shade } = row;
    const size = shade.length;
    const step = 1 / size;
    const dy = pictureY - this.#glareY;
    const halo = this.#haloRadius * this.#haloRadius - dy * dy;
    if (halo <= 0) return;
    const halfRun = Math.sqrt(halo);
    const from = Math.max(0, Math.ceil((this.#glareX - halfRun) * size - 0.5));
    const to = Math.min(size, Math.floor((this.#glareX + halfRun) * size + 0.5));
    const glareX = this.#glareX;
    const middleScale = 1 / (this.#middleRadius * this.#middleRadius);
    const haloScale = 1 / (this.#haloRadius * this.#haloRadius);
    const glareStrength = this.#glareStrength;
    const haloStrength = this.#haloStrength;
    for (let i = from; i < to; i++) {
      const dx = (i + 0.5) * step - glareX;
      const distance = dx * dx + dy * dy;
      const haze = 1 - distance * haloScale;
      let reflected = haloStrength * haze * haze * haze;
      const middle = distance * middleScale;
      if (middle < 1) {
        const bump = 1 - middle;
        reflected += glareStrength * bump * bump;
      }
      shade[i] = shade[i]! + (1 - shade[i]!) * Math.min(reflected, 1);
    }
  }
}
