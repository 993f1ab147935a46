import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createPicture,
  cropPicture,
  type Picture,
  padToSquare,
  resizePicture,
  toGray,
  toRgb,
} from '../../src/datasets/index.js';
import { InvalidArgumentError, ShapeError } from '../../src/errors.js';

const gray = (width: number, ...values: number[]): Picture =>
  createPicture({
    width,
    height: values.length / width,
    channels: 1,
    data: Uint8Array.from(values),
  });

describe('createPicture', () => {
  it('refuses extents, channels and lengths that do not fit', () => {
    const data = new Uint8Array(4);
    expect(() => createPicture({ width: 3, height: 1, channels: 1, data })).toThrow(
      /has 3 values, but 4 came/,
    );
    expect(() => createPicture({ width: 2, height: 1, channels: 2 as 1, data })).toThrow(
      ShapeError,
    );
    expect(() => createPicture({ width: 0, height: 1, channels: 1, data })).toThrow(ShapeError);
  });
});

describe('toGray and toRgb', () => {
  it('weigh the colours as ITU-R BT.601 does', () => {
    const colors = createPicture({
      width: 4,
      height: 1,
      channels: 3,
      data: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 200, 200, 200),
    });
    expect([...toGray(colors).data]).toEqual([76, 150, 29, 200]);
  });

  it('lay what is transparent on the background', () => {
    const half = createPicture({
      width: 1,
      height: 2,
      channels: 4,
      data: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 51),
    });
    expect([...toGray(half).data]).toEqual([255, 204]);
    expect([...toRgb(half, { background: 100 }).data]).toEqual([100, 100, 100, 80, 80, 80]);
  });

  it('are each other’s inverse on grey', () => {
    const picture = gray(3, 0, 128, 255);
    expect(toGray(toRgb(picture))).toEqual(picture);
  });
});

describe('resizePicture', () => {
  it('takes the mean over the area that a pixel covers when it shrinks', () => {
    expect([...resizePicture(gray(4, 0, 10, 20, 30, 40, 50, 60, 70), 2, 1).data]).toEqual([25, 45]);
    // Three pixels into two: each covers one and a half.
    expect([...resizePicture(gray(3, 0, 90, 30), 2, 1).data]).toEqual([30, 50]);
  });

  it('interpolates between the centres of pixels when it grows', () => {
    expect([...resizePicture(gray(2, 0, 100), 4, 1).data]).toEqual([0, 25, 75, 100]);
    expect([...resizePicture(gray(1, 7), 3, 2).data]).toEqual([7, 7, 7, 7, 7, 7]);
  });

  it('treats each axis on its own', () => {
    const picture = resizePicture(gray(2, 0, 100, 0, 100, 50, 150, 50, 150), 4, 2);
    expect([...picture.data]).toEqual([0, 25, 75, 100, 50, 75, 125, 150]);
  });

  it('lets no colour out of transparent pixels', () => {
    const data = Uint8Array.of(255, 0, 0, 255, 0, 255, 0, 0);
    const mean = resizePicture({ width: 2, height: 1, channels: 4, data }, 1, 1);
    expect([...mean.data]).toEqual([255, 0, 0, 128]);
  });

  it('keeps a plain picture plain, and the mean when it shrinks by whole steps', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.nat(255),
        (width, height, newWidth, newHeight, value) => {
          const data = new Uint8Array(width * height * 3).fill(value);
          const resized = resizePicture({ width, height, channels: 3, data }, newWidth, newHeight);
          expect(resized.data.length).toBe(newWidth * newHeight * 3);
          expect(resized.data.every((pixel) => pixel === value)).toBe(true);
        },
      ),
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 36, maxLength: 36 }),
        fc.constantFrom(1, 2, 3),
        (data, step) => {
          const { data: small } = resizePicture(
            { width: 6, height: 6, channels: 1, data },
            6 / step,
            6 / step,
          );
          const mean = (values: Uint8Array) =>
            values.reduce((sum, value) => sum + value, 0) / values.length;
          expect(Math.abs(mean(small) - mean(data))).toBeLessThanOrEqual(0.51);
        },
      ),
    );
  });

  it.each([
    [0, 1],
    [1, -1],
    [1.5, 1],
    [Number.NaN, 1],
  ])('refuses %s x %s', (width, height) => {
    expect(() => resizePicture(gray(1, 0), width, height)).toThrow(InvalidArgumentError);
  });
});

describe('cropPicture and padToSquare', () => {
  it('cut a rectangle out', () => {
    const picture = gray(3, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect(cropPicture(picture, 1, 1, 2, 1)).toEqual(gray(2, 5, 6));
    expect(() => cropPicture(picture, 2, 0, 2, 1)).toThrow(
      /inside of the picture of 3x3, but 2x1 at \(2, 0\)/,
    );
    expect(() => cropPicture(picture, 0, 0, 0, 1)).toThrow(InvalidArgumentError);
    expect(() => cropPicture(picture, 0.5, 0, 1, 1)).toThrow(InvalidArgumentError);
  });

  it('put a picture into the middle of a square', () => {
    expect(padToSquare(gray(3, 1, 2, 3), { fill: 9 })).toEqual(gray(3, 9, 9, 9, 1, 2, 3, 9, 9, 9));
    expect([...padToSquare(gray(1, 1, 2, 3)).data]).toEqual([
      255, 1, 255, 255, 2, 255, 255, 3, 255,
    ]);
    const square = gray(1, 5);
    expect(padToSquare(square)).toBe(square);
  });
});
