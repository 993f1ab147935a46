import {
  checkOptions,
  either,
  finiteNumber,
  numberFrom,
  type OptionChecks,
  oneOf,
  pairOf,
  positiveNumber,
  required,
  wholeNumber,
} from '../checks/index.js';
import { InvalidArgumentError } from '../errors.js';
import type { Random } from '../random/index.js';

/** What an augmentation is told about the image. */
export interface AugmentationContext {
  readonly shape: readonly [height: number, width: number, channels: number];
  /** The lowest and highest value that a pixel can have. */
  readonly range: readonly [low: number, high: number];
  /** The stream of this image, and of no other. */
  readonly random: Random;
}

/**
 * Changes one image at random: a pure function of the pixels and the stream.
 *
 * @param pixels - `height * width * channels` values, NHWC. Left as they are.
 * @returns As many pixels: new ones, or the given ones when nothing changes.
 */
export type Augmentation = (pixels: Float32Array, context: AugmentationContext) => Float32Array;

/**
 * One augmentation of several, applied in this order. Each draws from a fork of the stream of its
 * own, so that what one draws does not depend on what those before it drew.
 */
export function composeAugmentations(...augmentations: readonly Augmentation[]): Augmentation {
  return (pixels, context) =>
    augmentations.reduce(
      (image, augment, i) => augment(image, { ...context, random: context.random.fork(i) }),
      pixels,
    );
}

/** Options of `randomFlip`. */
export interface RandomFlipOptions {
  /** Share of the images that are mirrored. Default 0.5. */
  readonly probability?: number;
  /** `'horizontal'` exchanges left and right, `'vertical'` up and down. Default `'horizontal'`. */
  readonly direction?: 'horizontal' | 'vertical';
}

const randomFlipChecks: OptionChecks<RandomFlipOptions> = {
  probability: numberFrom(0, 1),
  direction: oneOf('horizontal', 'vertical'),
};

/** Mirrors some of the images. */
export function randomFlip(options: RandomFlipOptions = {}): Augmentation {
  checkOptions(options, randomFlipChecks);
  const { probability = 0.5, direction = 'horizontal' } = options;
  return (pixels, { shape, random }) => {
    if (!random.bernoulli(probability)) return pixels;
    const [height, width, channels] = shape;
    const flipped = new Float32Array(pixels.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const source =
          direction === 'horizontal' ? y * width + (width - 1 - x) : (height - 1 - y) * width + x;
        for (let c = 0; c < channels; c++) {
          flipped[(y * width + x) * channels + c] = pixels[source * channels + c]!;
        }
      }
    }
    return flipped;
  };
}

/** Options of `randomShift`. */
export interface RandomShiftOptions {
  /** The farthest that an image moves along each axis, in pixels. */
  readonly pixels: number;
  /**
   * What comes in at the edge: `'reflect'` mirrors the image about its outermost pixels, `'edge'`
   * repeats those, a number is a value of the image's range. Default: the lowest value of the range.
   */
  readonly padding?: 'reflect' | 'edge' | number;
}

const randomShiftChecks: OptionChecks<RandomShiftOptions> = {
  pixels: required(wholeNumber(0)),
  padding: either(oneOf('reflect', 'edge'), finiteNumber),
};

/** Moves an image by whole pixels: what others call padding and a random crop. */
export function randomShift(options: RandomShiftOptions): Augmentation {
  checkOptions(options, randomShiftChecks);
  const { pixels: farthest, padding } = options;
  return (pixels, { shape, range, random }) => {
    const down = random.integer(-farthest, farthest + 1);
    const right = random.integer(-farthest, farthest + 1);
    if (down === 0 && right === 0) return pixels;
    const [height, width, channels] = shape;
    const fill = typeof padding === 'number' ? padding : range[0];
    const source = (position: number, extent: number) =>
      padding === 'reflect'
        ? reflect(position, extent)
        : padding === 'edge'
          ? Math.min(extent - 1, Math.max(0, position))
          : position;
    const shifted = new Float32Array(pixels.length).fill(fill);
    for (let y = 0; y < height; y++) {
      const sy = source(y - down, height);
      if (sy < 0 || sy >= height) continue;
      for (let x = 0; x < width; x++) {
        const sx = source(x - right, width);
        if (sx < 0 || sx >= width) continue;
        for (let c = 0; c < channels; c++) {
          shifted[(y * width + x) * channels + c] = pixels[(sy * width + sx) * channels + c]!;
        }
      }
    }
    return shifted;
  };
}

/** A position mirrored about the first and last until it lies between them: -1 is 1, `extent` is `extent - 2`. */
function reflect(position: number, extent: number): number {
  if (extent === 1) return 0;
  const period = 2 * (extent - 1);
  const wrapped = ((position % period) + period) % period;
  return wrapped < extent ? wrapped : period - wrapped;
}

/** Options of `randomRotateScale`. */
export interface RandomRotateScaleOptions {
  /** The farthest turn to either side, in degrees. Default 0. */
  readonly degrees?: number;
  /** The smallest and largest size, 1 being as it is. Default `[1, 1]`. */
  readonly scale?: readonly [smallest: number, largest: number];
  /** What comes in at the edge: a value of the image's range. Default: its lowest. */
  readonly fill?: number;
}

const randomRotateScaleChecks: OptionChecks<RandomRotateScaleOptions> = {
  degrees: numberFrom(0, 180),
  scale: pairOf(positiveNumber),
  fill: finiteNumber,
};

/** Turns and scales an image about its centre, with linear interpolation between pixels. */
export function randomRotateScale(options: RandomRotateScaleOptions = {}): Augmentation {
  checkOptions(options, randomRotateScaleChecks);
  const { degrees = 0, scale = [1, 1], fill } = options;
  if (scale[1] < scale[0]) {
    throw new InvalidArgumentError(
      `Expected \`scale\` to be the smallest and the largest size, got [${scale.join(', ')}].`,
    );
  }
  return (pixels, { shape, range, random }) => {
    const angle = (random.uniform(-1, 1) * degrees * Math.PI) / 180;
    const size = scale[0] + random.uniform() * (scale[1] - scale[0]);
    if (angle === 0 && size === 1) return pixels;
    const [height, width, channels] = shape;
    const outside = fill ?? range[0];
    const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
    const [cosine, sine] = [Math.cos(angle) / size, Math.sin(angle) / size];
    const turned = new Float32Array(pixels.length);
    const pixel = (x: number, y: number, c: number) =>
      x < 0 || y < 0 || x >= width || y >= height
        ? outside
        : pixels[(y * width + x) * channels + c]!;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const sx = cx + cosine * (x - cx) + sine * (y - cy);
        const sy = cy - sine * (x - cx) + cosine * (y - cy);
        const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
        const [fx, fy] = [sx - x0, sy - y0];
        for (let c = 0; c < channels; c++) {
          const upper = pixel(x0, y0, c) * (1 - fx) + pixel(x0 + 1, y0, c) * fx;
          const lower = pixel(x0, y0 + 1, c) * (1 - fx) + pixel(x0 + 1, y0 + 1, c) * fx;
          turned[(y * width + x) * channels + c] = upper * (1 - fy) + lower * fy;
        }
      }
    }
    return turned;
  };
}

/** Options of `randomCutout`. */
export interface RandomCutoutOptions {
  /** Side of the square that is blanked, in pixels. */
  readonly size: number;
  /** The value that it is given, of the image's range. Default: the middle of the range. */
  readonly fill?: number;
}

const randomCutoutChecks: OptionChecks<RandomCutoutOptions> = {
  size: required(wholeNumber(1)),
  fill: finiteNumber,
};

/**
 * Blanks a square around a random pixel; part of it may lie outside of the image (DeVries and Taylor,
 * "Improved Regularization of Convolutional Neural Networks with Cutout", arXiv:1708.04552).
 */
export function randomCutout(options: RandomCutoutOptions): Augmentation {
  checkOptions(options, randomCutoutChecks);
  const { size, fill } = options;
  return (pixels, { shape, range, random }) => {
    const [height, width, channels] = shape;
    const top = random.integer(0, height) - (size >> 1);
    const left = random.integer(0, width) - (size >> 1);
    const cut = pixels.slice();
    const [from, to] = [Math.max(0, left), Math.min(width, left + size)];
    for (let y = Math.max(0, top); y < Math.min(height, top + size); y++) {
      cut.fill(
        fill ?? (range[0] + range[1]) / 2,
        (y * width + from) * channels,
        (y * width + to) * channels,
      );
    }
    return cut;
  };
}

/** Options of `randomBrightness`. */
export interface RandomBrightnessOptions {
  /** The most that is added or taken away, as a share of the range. Default 0.2. */
  readonly brightness?: number;
  /** The most by which distances from the mean of the image grow or shrink: 0.2 is 0.8 to 1.2 times. Default 0. */
  readonly contrast?: number;
}

const randomBrightnessChecks: OptionChecks<RandomBrightnessOptions> = {
  brightness: numberFrom(0, 1),
  contrast: numberFrom(0, 1),
};

/** Makes an image lighter or darker, and its contrast stronger or weaker, within its range. */
export function randomBrightness(options: RandomBrightnessOptions = {}): Augmentation {
  checkOptions(options, randomBrightnessChecks);
  const { brightness = 0.2, contrast = 0 } = options;
  return (pixels, { range: [low, high], random }) => {
    const added = random.uniform(-1, 1) * brightness * (high - low);
    const factor = 1 + random.uniform(-1, 1) * contrast;
    let mean = 0;
    for (let i = 0; i < pixels.length; i++) mean += pixels[i]! / pixels.length;
    return pixels.map((value) =>
      Math.min(high, Math.max(low, mean + (value - mean) * factor + added)),
    );
  };
}
