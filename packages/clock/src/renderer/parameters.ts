import { InvalidArgumentError } from '@nn-lab/core/errors';
import type { Random } from '@nn-lab/core/random';
import { type NumeralFont, numeralFonts } from './numerals.js';

/** How numerals stand on the dial: all upright as seen with twelve on top, or feet to the centre. */
export type NumeralOrientation = 'upright' | 'radial';

/**
 * Everything about a picture of a clock but the time it shows. Lengths on the clock are in dial
 * radii (the dial is the white disc inside the rim), angles in degrees, shades in 0 (black) to 1
 * (white), directions in the picture clockwise from its top unless said otherwise.
 */
export interface ClockParameters {
  /** In-plane turn of the clock: clockwise angle of the twelve before the camera tilts. */
  readonly rotation: number;
  /** Angle between the camera's axis and the dial's normal. 0 looks straight at the dial. */
  readonly tilt: number;
  /** Where the dial's near edge lies: 0 at the bottom of the picture, positive clockwise. */
  readonly tiltDirection: number;
  /** Focal length in picture widths; shorter is stronger perspective. */
  readonly focalLength: number;
  /** Widest extent of the clock, rim included, as a fraction of the picture's width. */
  readonly scale: number;
  /** How far right of the picture's centre the dial's centre lies, in picture widths. */
  readonly centerX: number;
  /** How far below the picture's centre the dial's centre lies, in picture widths. */
  readonly centerY: number;

  /** Shade of the dial. */
  readonly dialShade: number;
  /** Shade of numerals and ticks. */
  readonly inkShade: number;
  /** Whether there are numerals. */
  readonly numerals: boolean;
  /** The numerals' font. */
  readonly numeralFont: NumeralFont;
  /** How the numerals stand. */
  readonly numeralOrientation: NumeralOrientation;
  /** Height of the numerals. */
  readonly numeralSize: number;
  /** Distance of the numerals' centres from the dial's centre. */
  readonly numeralRadius: number;
  /** Stroke width of the numerals. */
  readonly numeralWeight: number;
  /** Whether the five-minute marks have ticks. */
  readonly hourTicks: boolean;
  /** Whether the other minutes have ticks. */
  readonly minuteTicks: boolean;
  /** Distance of the five-minute ticks' outer ends from the centre. */
  readonly tickRadius: number;
  /** Length of the five-minute ticks. */
  readonly hourTickLength: number;
  /** Width of the five-minute ticks. */
  readonly hourTickWidth: number;
  /** Length of the other minutes' ticks. */
  readonly minuteTickLength: number;
  /** Width of the other minutes' ticks. */
  readonly minuteTickWidth: number;

  /** Shade of hands and hub. */
  readonly handShade: number;
  /** Length of the hour hand from the centre. */
  readonly hourHandLength: number;
  /** Width of the hour hand. */
  readonly hourHandWidth: number;
  /** How far the hour hand reaches behind the centre. */
  readonly hourHandTail: number;
  /** Length of the minute hand from the centre. */
  readonly minuteHandLength: number;
  /** Width of the minute hand. */
  readonly minuteHandWidth: number;
  /** How far the minute hand reaches behind the centre. */
  readonly minuteHandTail: number;
  /** Radius of the hub. */
  readonly hubRadius: number;

  /** Width of the rim around the dial. */
  readonly rimWidth: number;
  /** How high the rim's ridge stands over the dial. */
  readonly rimHeight: number;
  /** Where the ridge lies: 0 at the dial, 1 at the outer edge. */
  readonly rimRidge: number;
  /** Shade of the rim where it faces the light. */
  readonly rimShade: number;

  /** Where the light comes from. */
  readonly lightDirection: number;
  /** How high the light stands over the table. */
  readonly lightElevation: number;
  /** Share of the light that comes from everywhere. */
  readonly ambient: number;
  /** Change of the dial's brightness per dial radius towards the light. */
  readonly dialGradient: number;
  /** Change of the wood's brightness per dial radius towards the light. */
  readonly woodGradient: number;
  /** Darkness of the shadows that the rim casts on dial and table. */
  readonly shadow: number;
  /** Whether a lamp is reflected in the glass. */
  readonly glare: boolean;
  /** Distance of the reflection from the dial's centre. */
  readonly glareRadius: number;
  /** Direction of the reflection from the dial's centre. */
  readonly glareDirection: number;
  /** Radius of the reflection's bright middle. */
  readonly glareSize: number;
  /** Brightness of the reflection's middle; from about 1 on nothing is seen through it. */
  readonly glareStrength: number;
  /** Brightness of the haze around the reflection, which is four times as wide. */
  readonly glareHalo: number;
  /** Brightness of the crescent of light along the dial's edge, opposite to the light. */
  readonly crescent: number;
  /** Number of small bright sparks along the rim. */
  readonly sparks: number;

  /** Mean shade of the wood. */
  readonly woodShade: number;
  /** Standard deviation of the wood's grain. */
  readonly woodContrast: number;
  /** Direction of the planks. */
  readonly woodAngle: number;
  /** Size of the grain; 1 has rings about 0.08 dial radii apart. */
  readonly woodScale: number;
  /** Width of the planks. */
  readonly plankWidth: number;
  /** Width of the seams between planks. */
  readonly seamWidth: number;
  /** Darkness of the seams: 0 unseen, 1 black. */
  readonly seamDarkness: number;
  /** Chooses the pieces of wood and where the seams lie: a whole number below 2^32. */
  readonly woodSeed: number;

  /**
   * How much of a pixel's area its value is averaged over: 1 is smooth, near 0 is one point of the
   * scene, jagged as in the course's pictures.
   */
  readonly antialiasing: number;
  /** Standard deviation of the blur, in 150ths of the picture's width. */
  readonly blur: number;
  /** Standard deviation of the sensor's noise. */
  readonly noise: number;
  /** Chooses noise and sparks: a whole number below 2^32. */
  readonly noiseSeed: number;
  /** Stretch of all shades around mid grey. */
  readonly contrast: number;
  /** Added to all shades. */
  readonly brightness: number;
}

/** What {@link sampleClockParameters} may be told about a parameter of a given type. */
export type ParameterRange<T> = [T] extends [boolean]
  ? boolean | number
  : [T] extends [string]
    ? T | readonly T[]
    : number | readonly [low: number, high: number];

/**
 * What to draw each parameter from: a number or `[low, high]` for numbers (uniform; equal ends fix
 * it), a value or a list of values (equally likely) for choices, `true`, `false` or the probability
 * of `true` for switches. What is left out has the course's look.
 */
export type ClockParameterRanges = {
  readonly [K in keyof ClockParameters]?: ParameterRange<ClockParameters[K]>;
};

interface NumberDefinition {
  readonly kind: 'number' | 'integer';
  /** What is drawn by default. */
  readonly range: readonly [low: number, high: number];
  /** What is possible at all. */
  readonly limits: readonly [low: number, high: number];
  /** The value of a clock that nobody has described, where it is not the middle of the range. */
  readonly typical?: number;
}

interface FlagDefinition {
  readonly kind: 'flag';
  readonly probability: number;
  readonly typical: boolean;
}

interface ChoiceDefinition {
  readonly kind: 'choice';
  readonly values: readonly string[];
  readonly choices: readonly string[];
}

type Definition = NumberDefinition | FlagDefinition | ChoiceDefinition;

function number(
  range: readonly [number, number],
  limits: readonly [number, number],
  typical?: number,
): NumberDefinition {
  return { kind: 'number', range, limits, ...(typical !== undefined && { typical }) };
}

const anyDirection = [-180, 180] as const;
const turnLimits = [-360, 360] as const;
const shadeLimits = [0, 1] as const;
const anySeed = {
  kind: 'integer',
  range: [0, 0xffff_ffff],
  limits: [0, 0xffff_ffff],
  typical: 1,
} as const;

const definitions: { readonly [K in keyof ClockParameters]: Definition } = {
  rotation: number(anyDirection, turnLimits, 0),
  tilt: number([12, 45], [0, 65], 26),
  tiltDirection: number([-10, 10], turnLimits),
  focalLength: number([1.25, 1.55], [0.5, 100]),
  scale: number([0.62, 0.95], [0.05, 4], 0.88),
  centerX: number([-0.025, 0.025], [-1, 1]),
  centerY: number([-0.045, 0.005], [-1, 1]),

  dialShade: number([0.68, 0.77], shadeLimits),
  inkShade: number([0.18, 0.36], shadeLimits),
  numerals: { kind: 'flag', probability: 1, typical: true },
  numeralFont: { kind: 'choice', values: numeralFonts, choices: ['plain'] },
  numeralOrientation: { kind: 'choice', values: ['upright', 'radial'], choices: ['upright'] },
  numeralSize: number([0.115, 0.142], [0.01, 0.6]),
  numeralRadius: number([0.74, 0.79], [0.1, 1]),
  numeralWeight: number([0.009, 0.016], [0.001, 0.3]),
  hourTicks: { kind: 'flag', probability: 1, typical: true },
  minuteTicks: { kind: 'flag', probability: 1, typical: true },
  tickRadius: number([0.93, 0.965], [0.1, 1]),
  hourTickLength: number([0.065, 0.09], [0, 0.5]),
  hourTickWidth: number([0.018, 0.029], [0, 0.2]),
  minuteTickLength: number([0.02, 0.034], [0, 0.5]),
  minuteTickWidth: number([0.008, 0.014], [0, 0.2]),

  handShade: number([0.26, 0.37], shadeLimits),
  hourHandLength: number([0.55, 0.63], [0.05, 1]),
  hourHandWidth: number([0.054, 0.07], [0.002, 0.5]),
  hourHandTail: number([0.04, 0.09], [0, 0.6]),
  minuteHandLength: number([0.73, 0.81], [0.05, 1]),
  minuteHandWidth: number([0.054, 0.07], [0.002, 0.5]),
  minuteHandTail: number([0.04, 0.09], [0, 0.6]),
  hubRadius: number([0.03, 0.05], [0, 0.5]),

  rimWidth: number([0.135, 0.175], [0, 1]),
  rimHeight: number([0.05, 0.09], [0, 0.5]),
  rimRidge: number([0.28, 0.42], [0.02, 0.98]),
  rimShade: number([0.34, 0.42], shadeLimits),

  lightDirection: number(anyDirection, turnLimits, -45),
  lightElevation: number([38, 62], [5, 90]),
  ambient: number([0.42, 0.6], [0, 1]),
  dialGradient: number([0, 0.03], [-0.5, 0.5]),
  woodGradient: number([0.02, 0.14], [-0.5, 0.5]),
  shadow: number([0.1, 0.35], [0, 1]),
  glare: { kind: 'flag', probability: 0.65, typical: false },
  glareRadius: number([0, 0.95], [0, 3]),
  glareDirection: number(anyDirection, turnLimits, 45),
  glareSize: number([0.07, 0.17], [0.005, 3]),
  glareStrength: number([0.5, 1.3], [0, 5]),
  glareHalo: number([0.1, 0.4], [0, 2]),
  crescent: number([0, 0.35], [0, 2]),
  sparks: { kind: 'integer', range: [0, 3], limits: [0, 100] },

  woodShade: number([0.37, 0.49], shadeLimits),
  woodContrast: number([0.032, 0.065], [0, 1]),
  woodAngle: number(anyDirection, turnLimits, 35),
  woodScale: number([0.8, 1.3], [0.05, 20]),
  plankWidth: number([1.2, 2], [0.05, 100]),
  seamWidth: number([0.045, 0.09], [0, 10]),
  seamDarkness: number([0.3, 0.52], [0, 1]),
  woodSeed: anySeed,

  antialiasing: number([0.25, 0.8], [0, 4]),
  blur: number([0, 0.5], [0, 10], 0.3),
  noise: number([0.001, 0.008], [0, 1], 0.003),
  noiseSeed: anySeed,
  contrast: number([0.95, 1.05], [0, 4]),
  brightness: number([-0.02, 0.02], [-1, 1]),
};

/** The names of all parameters, in the order in which they are drawn. */
export const clockParameterNames = Object.keys(definitions) as readonly (keyof ClockParameters)[];

/** A clock of the course's look, upright, seen at a slant, without glare. */
export const defaultClockParameters: ClockParameters = Object.fromEntries(
  clockParameterNames.map((name) => [name, typicalValue(definitions[name])]),
) as unknown as ClockParameters;

function typicalValue(definition: Definition): number | boolean | string {
  switch (definition.kind) {
    case 'flag':
      return definition.typical;
    case 'choice':
      return definition.choices[0]!;
    default: {
      const middle = (definition.range[0] + definition.range[1]) / 2;
      return definition.typical ?? (definition.kind === 'integer' ? Math.round(middle) : middle);
    }
  }
}

/**
 * Draws the parameters of one clock. Each parameter takes exactly one number from `random`, in the
 * order of {@link clockParameterNames}: another range of one parameter leaves the others as they were.
 *
 * @throws InvalidArgumentError when a range names an unknown parameter or leaves its limits.
 */
export function sampleClockParameters(
  random: Random,
  ranges: ClockParameterRanges = {},
): ClockParameters {
  return clockParameterSampler(ranges)(random);
}

/** {@link sampleClockParameters} with the ranges checked once for many draws. */
export function clockParameterSampler(
  ranges: ClockParameterRanges = {},
): (random: Random) => ClockParameters {
  for (const name of Object.keys(ranges)) {
    if (!Object.hasOwn(definitions, name)) throw unknownParameter(name);
  }
  const names = clockParameterNames;
  const draws = names.map((name) => drawOf(name, definitions[name], ranges[name]));
  return (random) => {
    const parameters: Record<string, number | boolean | string> = { ...defaultClockParameters };
    for (let i = 0; i < names.length; i++) parameters[names[i]!] = draws[i]!(random.uniform());
    return parameters as unknown as ClockParameters;
  };
}

function drawOf(
  name: string,
  definition: Definition,
  given: boolean | number | string | readonly (number | string)[] | undefined,
): (unit: number) => number | boolean | string {
  if (definition.kind === 'flag') {
    const probability = given === undefined ? definition.probability : Number(given);
    const usable = given === undefined || typeof given === 'boolean' || typeof given === 'number';
    if (!usable || !(probability >= 0 && probability <= 1)) {
      throw badParameter(name, 'true, false or a probability from 0 to 1', given);
    }
    return (unit) => unit < probability;
  }
  if (definition.kind === 'choice') {
    const choices =
      given === undefined ? definition.choices : Array.isArray(given) ? given : [given];
    if (choices.length === 0 || choices.some((choice) => !definition.values.includes(choice))) {
      throw badParameter(name, `one or several of ${definition.values.join(', ')}`, given);
    }
    return (unit) => choices[Math.floor(unit * choices.length)]!;
  }
  const range =
    given === undefined ? definition.range : Array.isArray(given) ? given : [given, given];
  const [low, high] = range as readonly [number, number];
  const [least, most] = definition.limits;
  const numbers = range.length === 2 && range.every((end) => typeof end === 'number');
  if (!numbers || !(low >= least && low <= high && high <= most)) {
    throw badParameter(name, `a number or [low, high] within ${least} to ${most}`, given);
  }
  if (definition.kind === 'integer') {
    if (!Number.isInteger(low) || !Number.isInteger(high)) {
      throw badParameter(name, 'whole numbers', given);
    }
    return (unit) => low + Math.floor(unit * (high - low + 1));
  }
  return (unit) => low + unit * (high - low);
}

/**
 * The given parameters over {@link defaultClockParameters}, checked.
 *
 * @throws InvalidArgumentError when a parameter is unknown or outside its limits.
 */
export function completeClockParameters(given: Partial<ClockParameters>): ClockParameters {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(definitions, name)) throw unknownParameter(name);
    const definition = definitions[name as keyof ClockParameters];
    if (definition.kind === 'flag') {
      if (typeof value !== 'boolean') throw badParameter(name, 'true or false', value);
    } else if (definition.kind === 'choice') {
      if (!definition.values.includes(value as string)) {
        throw badParameter(name, `one of ${definition.values.join(', ')}`, value);
      }
    } else {
      const [least, most] = definition.limits;
      const whole = definition.kind === 'integer';
      if (
        typeof value !== 'number' ||
        !(value >= least && value <= most) ||
        (whole && !Number.isInteger(value))
      ) {
        throw badParameter(
          name,
          `a ${whole ? 'whole ' : ''}number from ${least} to ${most}`,
          value,
        );
      }
    }
  }
  return { ...defaultClockParameters, ...given };
}

function unknownParameter(name: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `Expected the name of a clock parameter, got "${name}". Known are: ${clockParameterNames.join(', ')}.`,
  );
}

function badParameter(name: string, expected: string, value: unknown): InvalidArgumentError {
  const came = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return new InvalidArgumentError(
    `Expected the clock parameter "${name}" to be ${expected}, got ${came}.`,
  );
}
