import { createHash } from 'node:crypto';
import { InvalidArgumentError } from '@nn-lab/core/errors';
import { createRandom } from '@nn-lab/core/random';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClockParameters,
  clockParameterNames,
  clockTruth,
  clockTruthSize,
  defaultClockParameters,
  numeralFonts,
  renderClock,
  renderClocks,
  sampleClockParameters,
} from '../../src/renderer/index.js';

/** A clock with nothing on it but hands, sharp and without noise. */
const bare: Partial<ClockParameters> = {
  numerals: false,
  hourTicks: false,
  minuteTicks: false,
  noise: 0,
  blur: 0,
  sparks: 0,
  glare: false,
  shadow: 0,
  crescent: 0,
  dialGradient: 0,
  dialShade: 0.9,
  handShade: 0.1,
  hubRadius: 0,
  hourHandTail: 0,
  minuteHandTail: 0,
  contrast: 1,
  brightness: 0,
  antialiasing: 1,
};

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The grey value at a picture point given in picture widths. */
function greyAt(picture: { width: number; data: Uint8Array }, point: readonly [number, number]) {
  const column = Math.floor(point[0] * picture.width);
  const row = Math.floor(point[1] * picture.width);
  return picture.data[row * picture.width + column]!;
}

/** Direction from the dial's centre to the dark pixels' centre of mass, degrees clockwise from top. */
function darkDirection(picture: ReturnType<typeof renderClock>, within: number): number {
  const [cx, cy] = picture.truth.center;
  let sumX = 0;
  let sumY = 0;
  for (let j = 0; j < picture.height; j++) {
    for (let i = 0; i < picture.width; i++) {
      const x = (i + 0.5) / picture.width - cx;
      const y = (j + 0.5) / picture.height - cy;
      if (Math.hypot(x, y) > within) continue;
      const darkness = Math.max(0, 0.9 - picture.data[j * picture.width + i]! / 255);
      sumX += darkness * x;
      sumY += darkness * y;
    }
  }
  return (Math.atan2(sumX, -sumY) * 180) / Math.PI;
}

function turnBetween(a: number, b: number): number {
  return Math.abs(((((a - b) % 360) + 540) % 360) - 180);
}

describe('renderClock', () => {
  it('draws a grey square of 150 by default and of any size asked for', () => {
    const picture = renderClock({ hour: 3, minute: 0 });
    expect(picture).toMatchObject({ width: 150, height: 150, channels: 1 });
    expect(picture.data).toHaveLength(150 * 150);
    for (const size of [1, 2, 7, 96, 301]) {
      expect(renderClock({ hour: 3, minute: 0 }, {}, { size }).data).toHaveLength(size * size);
    }
  });

  it('gives exactly these pixels for these seeds, in every engine', async () => {
    const small = await renderClocks(8, createRandom(42), { size: 64 });
    expect(sha256(small.images)).toBe(
      '4681f93bd70dfbda208f329fe94602e5f7f0e278738bed0404ce87ffbe11762b',
    );
    expect(Array.from(small.hours)).toEqual([9, 10, 6, 7, 11, 10, 11, 9]);
    expect(Array.from(small.minutes)).toEqual([35, 8, 0, 36, 8, 15, 51, 0]);
    const varied = await renderClocks(6, createRandom(7), {
      ranges: {
        numeralFont: numeralFonts,
        numeralOrientation: ['upright', 'radial'],
        blur: [0, 3],
      },
    });
    expect(sha256(varied.images)).toBe(
      'da4233e3ecae94860c7a45558d6fc0b6cb50dd8fce02bb5b3c084bf05f93fd96',
    );
  });

  it('points each hand, seen straight on, where a clock points it', () => {
    for (const [hour, minute] of [
      [0, 0],
      [3, 0],
      [4, 50],
      [9, 15],
      [11, 59],
      [6, 31],
    ] as const) {
      const straight = { ...bare, tilt: 0, rotation: 0, scale: 0.9 };
      const thin = { hourHandWidth: 0.03, minuteHandWidth: 0.03 };
      const minuteOnly = renderClock(
        { hour, minute },
        { ...straight, ...thin, hourHandLength: 0.05, hourHandWidth: 0.002 },
      );
      expect(turnBetween(darkDirection(minuteOnly, 0.25), 6 * minute)).toBeLessThan(0.5);
      const hourOnly = renderClock(
        { hour, minute },
        { ...straight, ...thin, minuteHandLength: 0.05, minuteHandWidth: 0.002 },
      );
      expect(turnBetween(darkDirection(hourOnly, 0.25), 30 * hour + 0.5 * minute)).toBeLessThan(
        0.5,
      );
    }
  });

  it('turns the clock clockwise by its rotation', () => {
    const parameters = { ...bare, tilt: 0, hourHandWidth: 0.002, hourHandLength: 0.05 };
    const picture = renderClock({ hour: 0, minute: 20 }, { ...parameters, rotation: 75 });
    expect(turnBetween(darkDirection(picture, 0.25), 120 + 75)).toBeLessThan(0.5);
  });

  it('spans the asked fraction of the picture with the rim', () => {
    const parameters = { ...bare, tilt: 0, scale: 0.8, rimHeight: 0, centerX: 0, centerY: 0 };
    const { truth } = renderClock({ hour: 0, minute: 0 }, { ...parameters, rimWidth: 0.2 });
    const dial = truth.threePoint[0] - truth.ninePoint[0];
    expect(dial * 1.2).toBeCloseTo(0.8, 6);
    expect(truth.center).toEqual([0.5, 0.5]);
  });

  it('shows the truth: hands are dark along their vectors up to their tips, and light beyond', () => {
    const random = createRandom(3);
    for (let n = 0; n < 40; n++) {
      const own = random.fork(n);
      const parameters = { ...sampleClockParameters(own), ...bare, tilt: own.uniform(0, 50) };
      const time = { hour: own.integer(0, 12), minute: own.integer(0, 60) };
      const picture = renderClock(time, parameters, { size: 300 });
      const { truth } = picture;
      for (const tip of [truth.minuteTip, truth.hourTip]) {
        const along = (t: number) =>
          [
            truth.center[0] + t * (tip[0] - truth.center[0]),
            truth.center[1] + t * (tip[1] - truth.center[1]),
          ] as const;
        for (const t of [0.2, 0.5, 0.8, 0.94]) expect(greyAt(picture, along(t))).toBeLessThan(60);
      }
      const beyond = [
        truth.center[0] + 1.1 * (truth.minuteTip[0] - truth.center[0]),
        truth.center[1] + 1.1 * (truth.minuteTip[1] - truth.center[1]),
      ] as const;
      expect(greyAt(picture, beyond)).toBeGreaterThan(200);
    }
  });

  it('shows the truth: the dial ends at its projected outline', () => {
    const random = createRandom(4);
    for (let n = 0; n < 20; n++) {
      const own = random.fork(n);
      const parameters = {
        ...sampleClockParameters(own),
        ...bare,
        rimHeight: 0,
        rimShade: 0.1,
        scale: 0.8,
        handShade: 0.9,
      };
      const picture = renderClock({ hour: 0, minute: 0 }, parameters, { size: 300 });
      const h = picture.truth.homography;
      for (let angle = 0; angle < 360; angle += 30) {
        const seen = (radius: number) => {
          const x = radius * Math.sin((angle * Math.PI) / 180);
          const y = radius * Math.cos((angle * Math.PI) / 180);
          const w = h[6]! * x + h[7]! * y + h[8]!;
          return greyAt(picture, [
            (h[0]! * x + h[1]! * y + h[2]!) / w,
            (h[3]! * x + h[4]! * y + h[5]!) / w,
          ]);
        };
        expect(seen(0.97)).toBeGreaterThan(200);
        expect(seen(1.04)).toBeLessThan(100);
      }
    }
  });

  it('lets every parameter change the picture', () => {
    // Parameters that do nothing by themselves get the company that they need.
    const company: Partial<Record<keyof ClockParameters, Partial<ClockParameters>>> = {
      glareRadius: { glare: true },
      glareDirection: { glare: true, glareRadius: 0.5 },
      glareSize: { glare: true },
      glareStrength: { glare: true },
      glareHalo: { glare: true },
      dialGradient: {},
    };
    const other: Partial<Record<keyof ClockParameters, unknown>> = {
      numeralFont: 'angular',
      numeralOrientation: 'radial',
      rotation: 40,
      sparks: 7,
      woodSeed: 99,
      noiseSeed: 99,
      woodAngle: 80,
      lightDirection: 100,
      glareDirection: 200,
      tiltDirection: 50,
      centerX: 0.1,
      centerY: 0.1,
      glareRadius: 0.9,
      blur: 1,
      brightness: 0.1,
      tickRadius: 0.8,
      minuteHandLength: 0.6,
    };
    for (const name of clockParameterNames) {
      const base = { noise: 0.01, blur: 0.3, crescent: 0.2, ...company[name] };
      const value = { ...defaultClockParameters, ...base }[name];
      const changed =
        other[name] ?? (typeof value === 'boolean' ? !value : (value as number) * 1.3 + 0.001);
      const before = renderClock({ hour: 10, minute: 8 }, base);
      const after = renderClock({ hour: 10, minute: 8 }, { ...base, [name]: changed });
      expect(sha256(after.data), name).not.toBe(sha256(before.data));
    }
  });

  it('keeps noise at its standard deviation and blur at its width', () => {
    const flat = {
      ...bare,
      scale: 4,
      centerX: 0.3,
      dialShade: 0.5,
      handShade: 0.5,
      noise: 0.03,
      antialiasing: 1,
    };
    const { data } = renderClock({ hour: 0, minute: 0 }, flat, { size: 100 });
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const variance = data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length;
    expect(mean).toBeCloseTo(127.5, 0);
    expect(Math.sqrt(variance)).toBeCloseTo(255 * 0.03, 0);

    // Across the straight edge of a broad bar a blur of deviation s has the slope step / (s sqrt(2 pi)).
    const edge = {
      ...flat,
      noise: 0,
      centerX: 0,
      centerY: 0.4,
      scale: 3,
      tilt: 0,
      rotation: 0,
      handShade: 0,
      dialShade: 1,
      minuteHandWidth: 0.4,
      minuteHandLength: 0.9,
      hourHandLength: 0.05,
      antialiasing: 0.01,
    };
    const row = (blur: number) =>
      renderClock({ hour: 0, minute: 0 }, { ...edge, blur }, { size: 150 }).data.subarray(
        40 * 150,
        41 * 150,
      );
    const steepest = (values: Uint8Array) =>
      Math.max(...Array.from(values.subarray(1), (value, i) => Math.abs(value - values[i]!)));
    for (const blur of [1, 2, 4]) {
      expect(steepest(row(blur)) / (255 / (blur * Math.sqrt(2 * Math.PI)))).toBeCloseTo(1, 0.7);
    }
  });

  it('tells what is wrong with a time, a parameter or a size', () => {
    const render = (time: unknown, parameters?: unknown, options?: unknown) => () =>
      renderClock(time as never, parameters as never, options as never);
    const noon = { hour: 0, minute: 0 };
    expect(render({ hour: 12, minute: 0 })).toThrow(/hour .* 0 to 11 .*got 12/);
    expect(render({ hour: 1, minute: 60 })).toThrow(/minute .* less than 60, got 60/);
    expect(render({ hour: Number.NaN, minute: 0 })).toThrow(InvalidArgumentError);
    expect(render({ hour: 1, minute: Number.NaN })).toThrow(InvalidArgumentError);
    expect(render({ hour: 1.5, minute: 0 })).toThrow(InvalidArgumentError);
    expect(render(noon, { tilt: 80 })).toThrow(/"tilt" .* 0 to 65, got 80/);
    expect(render(noon, { tilt: Number.NaN })).toThrow(/"tilt"/);
    expect(render(noon, { tild: 3 })).toThrow(/got "tild"\. Known are: rotation/);
    expect(render(noon, { numeralFont: 'roman' })).toThrow(/plain, geometric, angular, italic/);
    expect(render(noon, { glare: 1 })).toThrow(/true or false/);
    expect(render(noon, { woodSeed: 1.5 })).toThrow(/whole number/);
    for (const size of [0, -1, 1.5, Number.NaN, 5000, '96']) {
      expect(render(noon, {}, { size })).toThrow(/`size`/);
    }
  });
});

describe('renderClocks', () => {
  it('draws picture n from the seed and n alone, whatever the call', async () => {
    const all = await renderClocks(6, createRandom(5), { size: 40 });
    const last = await renderClocks(2, createRandom(5), { size: 40, start: 4 });
    expect(last.images).toEqual(all.images.subarray(4 * 1600));
    expect(last.truths).toEqual(all.truths.subarray(4 * clockTruthSize));
    expect(Array.from(last.minutes)).toEqual(Array.from(all.minutes.subarray(4)));
    expect(sha256((await renderClocks(6, createRandom(6), { size: 40 })).images)).not.toBe(
      sha256(all.images),
    );
  });

  it('is renderClock of the drawn time and parameters', async () => {
    const random = createRandom(11);
    const { images, hours, minutes } = await renderClocks(3, random, { size: 50 });
    for (let n = 0; n < 3; n++) {
      const own = random.fork(n);
      own.integer(0, 720);
      const parameters = sampleClockParameters(own);
      const time = { hour: hours[n]!, minute: minutes[n]! };
      const { data } = renderClock(time, parameters, { size: 50 });
      expect(data).toEqual(images.subarray(n * 2500, (n + 1) * 2500));
    }
  });

  it('draws all times alike', async () => {
    const { hours, minutes } = await renderClocks(1500, createRandom(1), { size: 1 });
    const counts = new Array(12).fill(0);
    for (const hour of hours) counts[hour]++;
    for (const count of counts) expect(Math.abs(count - 125)).toBeLessThan(4 * Math.sqrt(125));
    expect(new Set(minutes).size).toBe(60);
  });

  it('takes a count of 0 and refuses a negative, broken or missing one', async () => {
    expect((await renderClocks(0, createRandom(1))).images).toHaveLength(0);
    for (const count of [-1, 1.5, Number.NaN, undefined]) {
      await expect(renderClocks(count as number, createRandom(1))).rejects.toThrow(
        InvalidArgumentError,
      );
    }
    await expect(renderClocks(1, createRandom(1), { start: -1 })).rejects.toThrow(/`start`/);
  });
});

describe('sampleClockParameters', () => {
  it('draws within the given ranges, and leaves the other parameters as they were', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.double({ min: 0, max: 65, noNaN: true }),
        fc.double({ min: 0, max: 65, noNaN: true }),
        (seed, a, b) => {
          const range = [Math.min(a, b), Math.max(a, b)] as const;
          const { tilt, ...others } = sampleClockParameters(createRandom(seed), { tilt: range });
          expect(tilt).toBeGreaterThanOrEqual(range[0]);
          expect(tilt).toBeLessThanOrEqual(range[1]);
          const { tilt: _, ...usual } = sampleClockParameters(createRandom(seed));
          expect(others).toEqual(usual);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('takes fixed values, switches, probabilities and choices', () => {
    const random = createRandom(2);
    const draws = Array.from({ length: 200 }, (_, n) =>
      sampleClockParameters(random.fork(n), {
        tilt: 30,
        numerals: false,
        glare: 0.25,
        numeralFont: ['plain', 'angular'],
        sparks: [2, 3],
      }),
    );
    expect(new Set(draws.map(({ tilt }) => tilt))).toEqual(new Set([30]));
    expect(draws.some(({ numerals }) => numerals)).toBe(false);
    const glares = draws.filter(({ glare }) => glare).length;
    expect(Math.abs(glares - 50)).toBeLessThan(25);
    expect(new Set(draws.map(({ numeralFont }) => numeralFont))).toEqual(
      new Set(['plain', 'angular']),
    );
    expect(new Set(draws.map(({ sparks }) => sparks))).toEqual(new Set([2, 3]));
  });

  it('refuses what is no range', () => {
    const sample = (ranges: unknown) => () =>
      sampleClockParameters(createRandom(1), ranges as never);
    for (const tilt of [[40, 10], [0], [0, 1, 2], [0, Number.NaN], Number.NaN, 'steep', null, 99]) {
      expect(sample({ tilt }), JSON.stringify(tilt)).toThrow(/"tilt"/);
    }
    expect(sample({ glare: 2 })).toThrow(/probability/);
    expect(sample({ numeralFont: [] })).toThrow(/one or several of/);
    expect(sample({ sparks: 1.5 })).toThrow(/whole numbers/);
    expect(sample({ constructor: 1 })).toThrow(/Known are/);
  });
});

describe('clockTruth', () => {
  it('is what renderClock returns, without drawing', () => {
    const parameters = { tilt: 33, rotation: 200 };
    const { truth } = renderClock({ hour: 7, minute: 12 }, parameters, { size: 8 });
    expect(clockTruth({ hour: 7, minute: 12 }, parameters)).toEqual(truth);
  });

  it('gives hands as combinations of the directions of twelve and three', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 719 }),
        fc.integer({ min: 0, max: 2 ** 30 }),
        (minuteOfDial, seed) => {
          const time = { hour: Math.floor(minuteOfDial / 60), minute: minuteOfDial % 60 };
          const truth = clockTruth(time, sampleClockParameters(createRandom(seed)));
          const angles = {
            minuteHand: (2 * Math.PI * time.minute) / 60,
            hourHand: (2 * Math.PI * minuteOfDial) / 720,
          };
          for (const hand of ['minuteHand', 'hourHand'] as const) {
            for (const axis of [0, 1] as const) {
              expect(truth[hand][axis]).toBeCloseTo(
                Math.cos(angles[hand]) * truth.twelve[axis] +
                  Math.sin(angles[hand]) * truth.three[axis],
                7,
              );
            }
          }
          // Directions from the projected centre are exact in perspective too: tips lie on them.
          const cross =
            truth.minuteHand[0] * (truth.minuteTip[1] - truth.center[1]) -
            truth.minuteHand[1] * (truth.minuteTip[0] - truth.center[0]);
          expect(Math.abs(cross)).toBeLessThan(1e-8);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('lets the time be read off exactly, under any turn and tilt', () => {
    const random = createRandom(9);
    for (let minuteOfDial = 0; minuteOfDial < 720; minuteOfDial++) {
      const time = { hour: Math.floor(minuteOfDial / 60), minute: minuteOfDial % 60 };
      const { twelve, three, hourHand } = clockTruth(
        time,
        sampleClockParameters(random.fork(minuteOfDial), { tilt: [0, 60] }),
      );
      // Undo the tilt: solve hourHand = up * twelve + right * three.
      const determinant = twelve[0] * three[1] - twelve[1] * three[0];
      const up = (hourHand[0] * three[1] - hourHand[1] * three[0]) / determinant;
      const right = (twelve[0] * hourHand[1] - twelve[1] * hourHand[0]) / determinant;
      const turn = Math.atan2(right, up) / (2 * Math.PI);
      expect((Math.round(turn * 720) + 720) % 720).toBe(minuteOfDial);
    }
  });
});
