import type { Work } from '../../work.js';
import type { JpegComponent, JpegFile, JpegScan } from './jpeg-file.js';
import { BitReader, type HuffmanTable } from './jpeg-huffman.js';
import { inverseTransform, inverseTransformOfMean, zigzag } from './jpeg-transform.js';

/** The samples of a component: rows of `8 * paddedColumns`. */
export type Plane = Uint8ClampedArray;

/** The entropy-coded data are not what a JPEG has. */
class ScanError extends Error {}

/**
 * Decodes the scans of a JPEG to the samples of its components.
 *
 * A block of a sequential JPEG is transformed as it comes; of a progressive one, all coefficients are
 * held until the last scan has refined them.
 *
 * @throws ScanError when the data are cut short or corrupt.
 */
export async function decodeScans(file: JpegFile, work: Work): Promise<Plane[]> {
  const planes = file.components.map(
    ({ paddedColumns, paddedRows }) => new Uint8ClampedArray(64 * paddedColumns * paddedRows),
  );
  if (!file.progressive) {
    for (const scan of file.scans) {
      const decoders = scan.parts.map((part) => {
        const component = file.components[part.component]!;
        return sequentialDecoder(component, planes[part.component]!, part.dc!, part.ac!);
      });
      await decodeScan(file, scan, decoders, work);
    }
    return planes;
  }
  const coefficients = planes.map((plane) => ({
    values: new Int16Array(plane.length),
    isVaried: new Uint8Array(plane.length / 64),
  }));
  for (const scan of file.scans) {
    const decoders = scan.parts.map((part) =>
      progressiveDecoder(scan, coefficients[part.component]!, part.dc, part.ac),
    );
    await decodeScan(file, scan, decoders, work);
  }
  for (const [i, component] of file.components.entries()) {
    await transformAll(component, coefficients[i]!, planes[i]!, work);
  }
  return planes;
}

/** What the scans of a progressive JPEG gather of a component. */
interface Coefficients {
  /** 64 for each block, row by row. */
  readonly values: Int16Array;
  /** 1 for a block in which more than the first is not 0: in a sparse picture most are left out. */
  readonly isVaried: Uint8Array;
}

/** Decodes the next block of a component. */
interface BlockDecoder {
  /** Forgets the blocks before, at a restart marker. */
  restart(): void;
  decode(bits: BitReader, column: number, row: number, index: number): void;
}

async function decodeScan(
  file: JpegFile,
  scan: JpegScan,
  decoders: readonly BlockDecoder[],
  work: Work,
): Promise<void> {
  const parts = scan.parts.map(({ component }, i) => ({
    component: file.components[component]!,
    decoder: decoders[i]!,
  }));
  const [{ component }] = parts as [(typeof parts)[0]];
  // A component alone comes block by block, and without those that only fill MCUs.
  const interleaved = parts.length > 1;
  const mcuColumns = interleaved ? component.paddedColumns / component.across : component.columns;
  const mcuRows = interleaved ? component.paddedRows / component.down : component.rows;
  const { intervals, restartInterval } = scan;
  let interval = 0;
  let bits = new BitReader(intervals[0]!);
  let untilRestart = restartInterval || Number.POSITIVE_INFINITY;
  for (let y = 0; y < mcuRows; y++) {
    for (let x = 0; x < mcuColumns; x++) {
      if (untilRestart === 0) {
        const next = intervals[++interval];
        if (!next) throw new ScanError('a restart marker is missing');
        bits = new BitReader(next);
        for (const { decoder } of parts) decoder.restart();
        untilRestart = restartInterval;
      }
      untilRestart--;
      for (const { component, decoder } of parts) {
        const across = interleaved ? component.across : 1;
        const down = interleaved ? component.down : 1;
        for (let v = 0; v < down; v++) {
          for (let h = 0; h < across; h++) {
            const [column, row] = [x * across + h, y * down + v];
            decoder.decode(bits, column, row, row * component.paddedColumns + column);
          }
        }
      }
      if (bits.isPastEnd) throw new ScanError('its data end too early');
    }
    if (work.isDue) await work.turn();
  }
}

const noCode = 'its data have a code that no table has';

function sequentialDecoder(
  { quantization, paddedColumns }: JpegComponent,
  plane: Plane,
  dc: HuffmanTable,
  ac: HuffmanTable,
): BlockDecoder {
  const block = new Int32Array(64);
  const stride = 8 * paddedColumns;
  let last = 0;
  return {
    restart() {
      last = 0;
    },
    decode(bits, column, row) {
      block.fill(0);
      last += takeDcDifference(bits, dc);
      block[0] = last * quantization[0]!;
      let k = 1;
      for (; k < 64; k++) {
        const symbol = bits.symbol(ac);
        if (symbol < 0) throw new ScanError(noCode);
        const size = symbol & 15;
        const zeros = symbol >> 4;
        if (size === 0 && zeros < 15) break;
        k += zeros;
        if (k > 63) throw new ScanError('a block has more than 64 coefficients');
        block[zigzag[k]!] = bits.takeSigned(size) * quantization[k]!;
      }
      const to = row * 8 * stride + column * 8;
      if (k === 1) inverseTransformOfMean(block[0]!, plane, to, stride);
      else inverseTransform(block, plane, to, stride);
    },
  };
}

function takeDcDifference(bits: BitReader, table: HuffmanTable): number {
  const size = bits.symbol(table);
  if (size < 0 || size > 15) throw new ScanError(noCode);
  return bits.takeSigned(size);
}

/** The four kinds of progressive scans (ITU-T T.81, annex G). */
function progressiveDecoder(
  scan: JpegScan,
  { values, isVaried }: Coefficients,
  dc: HuffmanTable | undefined,
  ac: HuffmanTable | undefined,
): BlockDecoder {
  const { first, last, bitsBefore, bitsLeft } = scan;
  let lastDc = 0;
  /** Blocks, this one included, that have no more coefficients to begin. */
  let emptyBlocks = 0;
  const restart = () => {
    lastDc = 0;
    emptyBlocks = 0;
  };
  const takeEmptyBlocks = (bits: BitReader, size: number) => (1 << size) + bits.take(size);
  if (dc) {
    return {
      restart,
      decode(bits, _column, _row, index) {
        lastDc += takeDcDifference(bits, dc);
        values[64 * index] = lastDc << bitsLeft;
      },
    };
  }
  if (!ac) {
    return {
      restart,
      decode(bits, _column, _row, index) {
        if (bits.take(1)) values[64 * index]! |= 1 << bitsLeft;
      },
    };
  }
  if (bitsBefore === 0) {
    return {
      restart,
      decode(bits, _column, _row, index) {
        if (emptyBlocks > 0) {
          emptyBlocks--;
          return;
        }
        for (let k = first; k <= last; k++) {
          const symbol = bits.symbol(ac);
          if (symbol < 0) throw new ScanError(noCode);
          const size = symbol & 15;
          const zeros = symbol >> 4;
          if (size === 0 && zeros < 15) {
            emptyBlocks = takeEmptyBlocks(bits, zeros) - 1;
            return;
          }
          k += zeros;
          if (k > last) throw new ScanError('a block has too many coefficients');
          values[64 * index + zigzag[k]!] = bits.takeSigned(size) << bitsLeft;
          isVaried[index] = 1;
        }
      },
    };
  }
  const one = 1 << bitsLeft;
  /** Refines a coefficient that is not 0. */
  const refine = (bits: BitReader, at: number) => {
    const value = values[at]!;
    if (bits.take(1) && (value & one) === 0) values[at] = value + (value > 0 ? one : -one);
  };
  return {
    restart,
    decode(bits, _column, _row, index) {
      let k = first;
      while (emptyBlocks === 0 && k <= last) {
        const symbol = bits.symbol(ac);
        if (symbol < 0) throw new ScanError(noCode);
        const size = symbol & 15;
        let zeros = symbol >> 4;
        if (size > 1) throw new ScanError(noCode);
        if (size === 0 && zeros < 15) {
          emptyBlocks = takeEmptyBlocks(bits, zeros);
          break;
        }
        const begun = size === 0 ? 0 : bits.take(1) ? one : -one;
        for (; k <= last; k++) {
          const at = 64 * index + zigzag[k]!;
          if (values[at] !== 0) {
            refine(bits, at);
          } else if (zeros-- === 0) {
            values[at] = begun;
            isVaried[index] = 1;
            k++;
            break;
          }
        }
      }
      if (emptyBlocks === 0) return;
      emptyBlocks--;
      if (isVaried[index] === 0) return;
      for (; k <= last; k++) {
        const at = 64 * index + zigzag[k]!;
        if (values[at] !== 0) refine(bits, at);
      }
    },
  };
}

async function transformAll(
  { paddedColumns, paddedRows, quantization }: JpegComponent,
  { values, isVaried }: Coefficients,
  plane: Plane,
  work: Work,
): Promise<void> {
  const block = new Int32Array(64);
  const stride = 8 * paddedColumns;
  for (let row = 0; row < paddedRows; row++) {
    for (let column = 0; column < paddedColumns; column++) {
      const index = row * paddedColumns + column;
      const to = row * 8 * stride + column * 8;
      if (isVaried[index] === 0) {
        inverseTransformOfMean(values[64 * index]! * quantization[0]!, plane, to, stride);
        continue;
      }
      for (let k = 0; k < 64; k++) {
        const at = zigzag[k]!;
        block[at] = values[64 * index + at]! * quantization[k]!;
      }
      inverseTransform(block, plane, to, stride);
    }
    if (work.isDue) await work.turn();
  }
}
