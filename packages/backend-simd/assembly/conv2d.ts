// Convolutions as matrix products whose left operand is never written out: the tiles follow
// pointers into the picture (the "indirection buffer" of Dukhan, 2019, arXiv:1907.02129).
//
// `convolve` serves the forward pass and, with the filter turned around, the gradient of the input:
// a strided convolution's gradient is one call for each phase (row mod stride, column mod stride),
// so that no product with an inserted zero is computed.

import { copyPadded, copyPositions, copyStrip } from './conv2d-gather';
import { ACCUMULATE, EDGE_BYTES, TILE_COLUMNS, TILE_ROWS, tileColumns, tileRows } from './matmul-tile';
import { fillStart, rowTable } from './matmul';
import { packRight, packRightTransposed, panels } from './matmul-pack';

/** Output positions that are worked on at a time. */
const BLOCK = 64;

/** Summed floats whose panel (8 of each) shall stay in the first-level cache. */
const BLOCK_DEPTH = 512;

/** Up to this many channels, a row of taps is read as one run of floats. */
const NARROW = 4;

/** How far the taps of a grid reach over the upper or left border. */
// @ts-ignore: decorator
@inline
function reachBefore(first: i32, taps: i32, step: i32): i32 {
  return max(0, -min(first, first + (taps - 1) * step));
}

/** How far they reach over the lower or right border. */
// @ts-ignore: decorator
@inline
function reachAfter(first: i32, taps: i32, step: i32, stride: i32, grid: i32, size: i32): i32 {
  return max(0, (grid - 1) * stride + max(first, first + (taps - 1) * step) + 1 - size);
}

/** Bytes of scratch that `convolve` needs for the same values of its parameters. */
export function convolveScratch(
  height: i32, width: i32, channels: i32, targetChannels: i32, gridHeight: i32, gridWidth: i32,
  strideRow: i32, strideColumn: i32, tapRows: i32, tapColumns: i32,
  firstTapRow: i32, firstTapColumn: i32, tapStepRow: i32, tapStepColumn: i32,
): usize {
  const start = panels(targetChannels) * TILE_COLUMNS;
  let floats = 4 * BLOCK + start + BLOCK * tapRows * tapColumns + channels;
  if (channels <= NARROW && tapStepColumn == 1) {
    const rows = height + reachBefore(firstTapRow, tapRows, tapStepRow)
      + reachAfter(firstTapRow, tapRows, tapStepRow, strideRow, gridHeight, height);
    const columns = width + reachBefore(firstTapColumn, tapColumns, 1)
      + reachAfter(firstTapColumn, tapColumns, 1, strideColumn, gridWidth, width);
    floats += rows * columns * channels;
  }
  return (<usize>floats << 2) + EDGE_BYTES + 64;
}

/** Bytes of a filter that `packFilter` packed. */
export function packedFilterBytes(depth: i32, targetChannels: i32): usize {
  return <usize>panels(targetChannels) * TILE_COLUMNS * depth << 2;
}

/**
 * Packs a range of taps of a filter [tapRow][tapColumn][inputChannel][outputChannel] for `convolve`.
 * The taps taken are first, first + step, ... in each direction.
 *
 * @param transpose pack for the gradient of the input: sum over output channels instead.
 */
export function packFilter(
  filter: usize, filterColumns: i32, inputChannels: i32, outputChannels: i32, transpose: bool,
  firstRow: i32, rowStep: i32, rows: i32, firstColumn: i32, columnStep: i32, columns: i32,
  target: usize,
): void {
  const depth = transpose ? outputChannels : inputChannels;
  const panelBytes = <usize>(depth * TILE_COLUMNS * rows * columns) << 2;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const tap = (firstRow + i * rowStep) * filterColumns + firstColumn + j * columnStep;
      const source = filter + (<usize>(tap * inputChannels * outputChannels) << 2);
      if (transpose) {
        packRightTransposed(source, outputChannels, depth, inputChannels, target, panelBytes);
      } else {
        packRight(source, outputChannels, depth, outputChannels, target, panelBytes);
      }
      target += depth * TILE_COLUMNS << 2;
    }
  }
}

/**
 * target[position] = bias + sum over taps and channels of source[position's tap] * filter, for the
 * positions `begin` to `end` of a grid that lies in each image.
 *
 * Grid point (i, j) reads the source rows i * stride + firstTap + t * tapStep (zero outside), and
 * writes the target row i * step + offset; columns alike.
 *
 * @param filter packed by `packFilter`.
 * @param bias targetChannels floats, or 0.
 * @param begin,end positions counted over all images: image * gridHeight * gridWidth + i * gridWidth + j.
 * @param work scratch of `convolveScratch` bytes, 16-byte aligned.
 */
export function convolve(
  source: usize, height: i32, width: i32, channels: i32,
  target: usize, targetHeight: i32, targetWidth: i32, targetChannels: i32,
  gridHeight: i32, gridWidth: i32,
  strideRow: i32, strideColumn: i32,
  stepRow: i32, stepColumn: i32, offsetRow: i32, offsetColumn: i32,
  tapRows: i32, tapColumns: i32,
  firstTapRow: i32, firstTapColumn: i32, tapStepRow: i32, tapStepColumn: i32,
  filter: usize, bias: usize, flags: i32, low: f32, high: f32,
  begin: i32, end: i32, work: usize,
): void {
  const pixelBytes = <usize>channels << 2;
  const imageBytes = <usize>height * width * pixelBytes;
  const outBytes = <usize>targetChannels << 2;
  const baseStep = <usize>strideColumn * pixelBytes, outStep = <usize>stepColumn * outBytes;
  const panelBytes = (<usize>(tapRows * tapColumns) * pixelBytes) * TILE_COLUMNS;
  const above = reachBefore(firstTapRow, tapRows, tapStepRow);
  const before = reachBefore(firstTapColumn, tapColumns, tapStepColumn);
  const below = reachAfter(firstTapRow, tapRows, tapStepRow, strideRow, gridHeight, height);
  const after = reachAfter(firstTapColumn, tapColumns, tapStepColumn, strideColumn, gridWidth, width);
  const inside = (above | before | below | after) == 0;

  // With few channels a row of taps is one run of floats, read from a padded copy of the image.
  const narrow = channels <= NARROW && tapStepColumn == 1;
  const padded = narrow && !inside;
  const run = narrow ? tapColumns * channels : channels;
  const runs = run == 0 ? 0 : narrow ? tapRows : tapRows * tapColumns;
  const runColumns = narrow ? 1 : tapColumns;
  const readHeight = padded ? above + height + below : height;
  const readWidth = padded ? before + width + after : width;
  const runsAtOnce = BLOCK_DEPTH / max(1, min(run, BLOCK_DEPTH));

  // What each position of the block needs: its first tap's row and column, its address, its output.
  const rowOf = work;
  const columnOf = rowOf + (BLOCK << 2);
  const baseOf = columnOf + (BLOCK << 2);
  const outOf = baseOf + (BLOCK << 2);
  const table = outOf + (BLOCK << 2);
  const start = table + (<usize>(runs * BLOCK) << 2);
  const edge = start + (<usize>panels(targetChannels) * TILE_COLUMNS << 2);
  const zeros = edge + EDGE_BYTES;
  const copy = zeros + pixelBytes;
  fillStart(start, bias, targetChannels);
  memory.fill(zeros, 0, pixelBytes);

  const heights = i32x4.splat(height), widths = i32x4.splat(width);
  const zeroPointers = i32x4.splat(<i32>zeros);

  let gridColumn = begin % gridWidth;
  let gridRow = (begin / gridWidth) % gridHeight;
  let image = begin / gridWidth / gridHeight;
  let fresh = true;
  let position = begin;
  while (position < end) {
    let picture = source + <usize>image * imageBytes;
    let count = min(BLOCK, end - position);
    if (padded) {
      if (fresh) copyPadded(picture, height, width, channels, -above, -before, readHeight, readWidth, copy);
      fresh = false;
      // The copy holds one image: the block ends with it.
      count = min(count, (gridHeight - gridRow) * gridWidth - gridColumn);
      picture = copy + <usize>(above * readWidth + before) * pixelBytes;
    }
    position += count;
    // Along a row of the grid everything moves by equal steps.
    let slot: usize = 0;
    while (slot < <usize>count << 2) {
      const row = gridRow * strideRow + firstTapRow;
      let column = gridColumn * strideColumn + firstTapColumn;
      let base = picture + (row * readWidth + column) * <i32>pixelBytes;
      const targetRow = (<usize>image * targetHeight + gridRow * stepRow + offsetRow) * targetWidth;
      let to = target + (targetRow + gridColumn * stepColumn + offsetColumn) * outBytes;
      const some = min(count - <i32>(slot >> 2), gridWidth - gridColumn);
      for (let i = 0; i < some; i++) {
        store<i32>(rowOf + slot, row);
        store<i32>(columnOf + slot, column);
        store<u32>(baseOf + slot, <u32>base);
        store<u32>(outOf + slot, <u32>to);
        column += strideColumn;
        base += baseStep;
        to += outStep;
        slot += 4;
      }
      gridColumn += some;
      if (gridColumn == gridWidth) {
        gridColumn = 0;
        if (++gridRow == gridHeight) {
          gridRow = 0;
          image++;
          picture += imageBytes;
          fresh = true;
        }
      }
    }
    // The last tile repeats its last position.
    for (let i = count; i & (TILE_ROWS - 1); i++) {
      const at = <usize>i << 2, last = <usize>(count - 1) << 2;
      store<i32>(rowOf + at, load<i32>(rowOf + last));
      store<i32>(columnOf + at, load<i32>(columnOf + last));
      store<u32>(baseOf + at, load<u32>(baseOf + last));
      store<u32>(outOf + at, load<u32>(outOf + last));
    }
    let line = table;
    const tableRows = runs == 0 ? 0 : tapRows;
    for (let i = 0; i < tableRows; i++) {
      const rows = i32x4.splat(i * tapStepRow);
      for (let j = 0; j < runColumns; j++) {
        const columns = i32x4.splat(j * tapStepColumn);
        const bytes = i32x4.splat((i * tapStepRow * readWidth + j * tapStepColumn) * <i32>pixelBytes);
        for (let p: usize = 0; p < <usize>count << 2; p += 16) {
          let pointers = i32x4.add(v128.load(baseOf + p), bytes);
          if (!inside && !narrow) {
            const row = i32x4.add(v128.load(rowOf + p), rows);
            const column = i32x4.add(v128.load(columnOf + p), columns);
            const valid = v128.and(i32x4.lt_u(row, heights), i32x4.lt_u(column, widths));
            pointers = v128.bitselect(pointers, zeroPointers, valid);
          }
          v128.store(line + p, pointers);
        }
        line += BLOCK << 2;
      }
    }
    let first = 0;
    do {
      const some = min(runsAtOnce, runs - first);
      let mode = flags;
      if (first > 0) mode |= ACCUMULATE;
      if (first + some < runs) mode &= ACCUMULATE;
      const right = filter + (<usize>(first * run * TILE_COLUMNS) << 2);
      const pointers = table + (<usize>(first * BLOCK) << 2);
      for (let channel = 0; channel < targetChannels; channel += TILE_COLUMNS) {
        const columns = min(TILE_COLUMNS, targetChannels - channel);
        const panel = right + <usize>(channel / TILE_COLUMNS) * panelBytes;
        const from = start + (<usize>channel << 2);
        tileRows(
          (count + TILE_ROWS - 1) / TILE_ROWS, pointers, BLOCK << 2, some, run, panel,
          outOf, <usize>channel << 2, columns, from, mode, low, high, edge,
        );
      }
      first += some;
    } while (first < runs);
  }
}

/** Output positions that a tile of the filter gradient walks over at a time. */
const CHUNK = 256;

/** Lines shorter than this are gathered into one, for a tile takes longer to change lines than to step. */
const SHORT_LINE = 24;
/** What is gathered must serve so many panels to be worth it. */
const MANY_PANELS = 4;

// @ts-ignore: decorator
@inline
function chunkRows(outHeight: i32, outWidth: i32): i32 {
  return min(outHeight, max(1, CHUNK / outWidth));
}

/** More than one only where an image fits wholly, so that the positions of a chunk are contiguous. */
// @ts-ignore: decorator
@inline
function chunkImages(outHeight: i32, outWidth: i32): i32 {
  return max(1, CHUNK / (outHeight * outWidth));
}

/** Source rows or columns under so many output positions. */
// @ts-ignore: decorator
@inline
function spanned(positions: i32, stride: i32, taps: i32, tapStep: i32): i32 {
  return (positions - 1) * stride + (taps - 1) * tapStep + 1;
}

/** Bytes of scratch that `convolveFilter` needs for the same values of its parameters. */
export function convolveFilterScratch(
  channels: i32, outHeight: i32, outWidth: i32, outChannels: i32, strideRow: i32, strideColumn: i32,
  tapRows: i32, tapColumns: i32, tapStepRow: i32, tapStepColumn: i32,
): usize {
  const images = chunkImages(outHeight, outWidth);
  const outRows = chunkRows(outHeight, outWidth);
  const rows = spanned(outRows, strideRow, tapRows, tapStepRow);
  const columns = spanned(outWidth, strideColumn, tapColumns, tapStepColumn);
  const right = images * outRows * outWidth * panels(outChannels) * TILE_COLUMNS;
  const gathered = images * outRows * outWidth * TILE_ROWS;
  const left = images * rows * columns * ((channels + 3) & ~3);
  return (<usize>(right + gathered + left + TILE_COLUMNS + 4) << 2) + EDGE_BYTES + 64;
}

/** How many strips `convolveFilter` divides its result into. */
export function filterStrips(channels: i32, tapRows: i32, tapColumns: i32, tapStepColumn: i32): i32 {
  if (channels <= NARROW && tapStepColumn == 1) return tapRows * ((tapColumns * channels + 3) / 4);
  return (channels + 3) / 4 * tapRows * tapColumns;
}

/**
 * The gradient of a convolution's filter: gradient[tap][channel][outChannel] = sum over images and
 * output positions of source[position's tap][channel] * out[position][outChannel].
 *
 * @param begin,end the range of strips to compute, out of `filterStrips`: four channels of a tap
 *   each (channel / 4 * taps + tap), or, with up to four channels, four floats of a row of taps.
 * @param work scratch of `convolveFilterScratch` bytes, 16-byte aligned.
 */
export function convolveFilter(
  source: usize, images: i32, height: i32, width: i32, channels: i32,
  out: usize, outHeight: i32, outWidth: i32, outChannels: i32,
  strideRow: i32, strideColumn: i32, tapRows: i32, tapColumns: i32,
  firstTapRow: i32, firstTapColumn: i32, tapStepRow: i32, tapStepColumn: i32,
  gradient: usize, begin: i32, end: i32, work: usize,
): void {
  const narrow = channels <= NARROW && tapStepColumn == 1;
  const taps = tapRows * tapColumns;
  const runStrips = (tapColumns * channels + 3) / 4;
  const imageBytes = <usize>(height * width * channels) << 2;
  const outBytes = <usize>outChannels << 2;
  const outPanels = panels(outChannels);
  const imagesAtOnce = chunkImages(outHeight, outWidth);
  const rowsAtOnce = chunkRows(outHeight, outWidth);
  const columns = spanned(outWidth, strideColumn, tapColumns, tapStepColumn);
  const pixelBytes: usize = narrow ? <usize>channels << 2 : 16;
  const lineBytes = <usize>columns * pixelBytes;
  const firstStrip = narrow ? 0 : begin / taps;

  const zeros = work;
  const outs = zeros + (TILE_COLUMNS << 2);
  const edge = outs + 16;
  const right = edge + EDGE_BYTES;
  const gathered = right + (<usize>(imagesAtOnce * rowsAtOnce * outWidth * outPanels * TILE_COLUMNS) << 2);
  const left = gathered + (<usize>(imagesAtOnce * rowsAtOnce * outWidth) << 4);
  const gathers = outWidth < SHORT_LINE && outPanels >= MANY_PANELS;
  memory.fill(zeros, 0, TILE_COLUMNS << 2);

  for (let firstImage = 0; firstImage < images; firstImage += imagesAtOnce) {
    const imageCount = min(imagesAtOnce, images - firstImage);
    for (let firstRow = 0; firstRow < outHeight; firstRow += rowsAtOnce) {
      const rowCount = min(rowsAtOnce, outHeight - firstRow);
      const count = imageCount * rowCount * outWidth;
      const panelBytes = <usize>(count * TILE_COLUMNS) << 2;
      const mode = firstImage == 0 && firstRow == 0 ? 0 : ACCUMULATE;
      const first = (<usize>firstImage * outHeight + firstRow) * outWidth;
      packRight(out + first * outBytes, outChannels, count, outChannels, right, panelBytes);

      const top = firstRow * strideRow + firstTapRow;
      const rows = spanned(rowCount, strideRow, tapRows, tapStepRow);
      const pictureBytes = <usize>rows * lineBytes;
      const stripBytes = <usize>imageCount * pictureBytes;
      if (narrow) {
        for (let i = 0; i < imageCount; i++) {
          const picture = source + <usize>(firstImage + i) * imageBytes;
          copyPadded(
            picture, height, width, channels, top, firstTapColumn, rows, columns,
            left + <usize>i * pictureBytes,
          );
        }
      } else {
        let to = left;
        for (let strip = firstStrip; strip <= (end - 1) / taps; strip++) {
          for (let i = 0; i < imageCount; i++) {
            const picture = source + <usize>(firstImage + i) * imageBytes;
            copyStrip(
              picture, height, width, channels, strip * 4, top, firstTapColumn, rows, columns, to,
            );
            to += pictureBytes;
          }
        }
      }
      for (let strip = begin; strip < end; strip++) {
        let line: i32, some: i32, from: usize;
        if (narrow) {
          const tapRow = strip / runStrips;
          const offset = strip % runStrips * 4;
          line = tapRow * tapColumns * channels + offset;
          some = min(4, tapColumns * channels - offset);
          from = left + <usize>(tapRow * tapStepRow) * lineBytes + (<usize>offset << 2);
        } else {
          const tap = strip % taps;
          const channel = strip / taps * 4;
          line = tap * channels + channel;
          some = min(4, channels - channel);
          from = left + <usize>(strip / taps - firstStrip) * stripBytes
            + <usize>(tap / tapColumns * tapStepRow) * lineBytes
            + <usize>(tap % tapColumns * tapStepColumn) * pixelBytes;
        }
        rowTable(outs, gradient + (<usize>(line * outChannels) << 2), outBytes, some);
        let stepBytes = <usize>strideColumn * pixelBytes;
        let images = imageCount, lines = rowCount, steps = outWidth;
        if (gathers) {
          copyPositions(from, images, pictureBytes, lines, <usize>strideRow * lineBytes, steps, stepBytes, gathered);
          from = gathered;
          stepBytes = 16;
          images = 1;
          lines = 1;
          steps = count;
        }
        for (let panel = 0; panel < outPanels; panel++) {
          const channel = panel * TILE_COLUMNS;
          tileColumns(
            some, from, 0, stepBytes, <usize>strideRow * lineBytes, pictureBytes,
            right + <usize>panel * panelBytes, TILE_COLUMNS << 2, <usize>(outWidth * TILE_COLUMNS) << 2,
            <usize>(rowCount * outWidth * TILE_COLUMNS) << 2, images, lines, steps,
            outs, <usize>channel << 2, min(TILE_COLUMNS, outChannels - channel), zeros, mode, 0, 0, edge,
          );
        }
      }
    }
  }
}
