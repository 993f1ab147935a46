import {
  createPicture,
  cropPicture,
  type Picture,
  resizePicture,
  toGray,
} from '@nn-lab/core/datasets';

/**
 * What a network sees of a picture of any size, grey or colour: the grey middle square, `size` pixels
 * wide, each pixel the mean of the area that it covers.
 *
 * @throws ShapeError when the picture's parts do not belong together.
 */
export function squarePicture(picture: Picture, size: number): Picture {
  const gray = toGray(createPicture(picture));
  const side = Math.min(gray.width, gray.height);
  const left = Math.floor((gray.width - side) / 2);
  const top = Math.floor((gray.height - side) / 2);
  const square = gray.width === gray.height ? gray : cropPicture(gray, left, top, side, side);
  return resizePicture(square, size, size);
}
