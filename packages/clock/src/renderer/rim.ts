import { edgeCoverage } from './arithmetic.js';
import type { Camera } from './camera.js';
import type { Light } from './light.js';
import type { ClockParameters } from './parameters.js';
import type { Row } from './row.js';

/**
 * The raised ring around the dial. Its cross-section is two quarter ellipses of the same height that
 * meet at the ridge: an inner one down to the dial at radius 1, an outer one down to the table.
 *
 * Along the line of sight through the ground point at radius r the radius changes with the height z
 * as r + lean z (to first order), so outline and visible point have closed forms.
 */
export class Rim {
  #inner = 0;
  #outer = 0;
  #ridge = 0;
  #height = 0;
  #rimShade = 0;
  #cameraX = 0;
  #cameraY = 0;
  #cameraZ = 0;

  /** Ground points nearer to the centre, or farther from it, never show the rim. */
  from = 0;
  to = 0;

  prepare(parameters: ClockParameters, camera: Camera): void {
    const { rimWidth, rimRidge, rimHeight } = parameters;
    this.#inner = Math.max(rimWidth * rimRidge, 1e-6);
    this.#outer = Math.max(rimWidth * (1 - rimRidge), 1e-6);
    this.#ridge = 1 + this.#inner;
    this.#height = Math.max(rimHeight, 1e-6);
    this.#rimShade = parameters.rimShade;
    this.#cameraX = camera.x;
    this.#cameraY = camera.y;
    this.#cameraZ = camera.z;
    // Along the line of sight the radius changes by at most lean times height: inwards no more than the
    // camera's ground distance, outwards no more than that and the radius itself, over its height.
    const ground = Math.sqrt(camera.x * camera.x + camera.y * camera.y);
    const inwards = (this.#height * ground) / camera.z;
    this.from = this.#ridge - Math.sqrt(this.#inner * this.#inner + inwards * inwards);
    const lean = this.#height / camera.z;
    const farthest = (1 + rimWidth + lean * ground) / Math.max(0.1, 1 - lean);
    const outwards = lean * (ground + farthest);
    this.to = this.#ridge + Math.sqrt(this.#outer * this.#outer + outwards * outwards);
  }

  /** Paints the rim over the pixels `from` to `to` (excluded) of a row, lit. */
  paint(row: Row, from: number, to: number, light: Light): void {
    const { x, y, squared, shade, window } = row;
    const inner = this.#inner;
    const outer = this.#outer;
    const ridge = this.#ridge;
    const height = this.#height;
    const rimShade = this.#rimShade;
    const cameraX = this.#cameraX;
    const cameraY = this.#cameraY;
    const heightPerCamera = height / this.#cameraZ;
    const { ambient, x: lightX, y: lightY, z: lightZ, halfX, halfY, halfZ } = light;
    const direct = 1 - ambient;
    for (let i = from; i < to; i++) {
      const groundX = x[i]!;
      const groundY = y[i]!;
      const square = squared[i]!;
      const outward = 1 / Math.sqrt(square);
      const lift = (groundX * cameraX + groundY * cameraY - square) * outward * heightPerCamera;
      const beyondRidge = square * outward - ridge;
      // The point (ridge + a cos t, height sin t) of the profile that the line of sight meets first;
      // the outline is where it no more than touches, or else the foot.
      const outside = beyondRidge + lift > 0;
      const a = outside ? outer : inner;
      const amplitudeSquared = a * a + lift * lift;
      const within = amplitudeSquared - beyondRidge * beyondRidge;
      let covered = 1;
      if (within < 0.5 * amplitudeSquared) {
        const reach = Math.abs(beyondRidge);
        const leansOut = outside ? lift < 0 : lift > 0;
        const beyondFoot = reach - (leansOut ? Math.sqrt(amplitudeSquared) : a);
        if (beyondFoot > window) continue;
        covered = edgeCoverage(beyondFoot, window);
      }
      const root = within > 0 ? Math.sqrt(within) : 0;
      // Lit as a round profile would be, whose normal is (cos t, sin t).
      const scale = 1 / amplitudeSquared;
      const cos = (beyondRidge * a + root * lift) * scale;
      const sin = (root * a - beyondRidge * lift) * scale;
      const nx = cos * outward * groundX;
      const ny = cos * outward * groundY;
      const nz = Math.max(sin, 0);
      const facing = nx * lightX + ny * lightY + nz * lightZ;
      let lit = rimShade * (facing > 0 ? ambient + direct * facing : ambient);
      const mirrored = nx * halfX + ny * halfY + nz * halfZ - 0.9;
      if (mirrored > 0) lit += 12 * mirrored * mirrored;
      shade[i] = shade[i]! + (lit - shade[i]!) * covered;
    }
  }
}
