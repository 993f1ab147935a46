import type { Work } from '../../work.js';
import type { JpegComponent, JpegFile, JpegScan } from './jpeg-file.js';
import { BitReader, type HuffmanTable } from './jpeg-huffman.js';
import { inverseTransform, zigzag } from './jpeg-transform.js';

/** The samples of a component: rows of `8 * paddedColumns`. */
export type Plane = Uint8ClampedArray;

/** The entropy-coded data are not what a JPEG has. */
export class ScanError extends Error {}

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
  const coefficients = planes.map((plane) => new Int16Array(plane.length));
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
      for (let k = 1; k < 64; k++) {
        const symbol = bits.symbol(ac);
        if (symbol < 0) throw new ScanError(noCode);
        const size = symbol & 15;
        const zeros = symbol >> 4;
        if (size === 0 && zeros < 15) break;
        k += zeros;
        if (k > 63) throw new ScanError('a block has more than 64 coefficients');
        block[zigzag[k]!] = bits.takeSigned(size) * quantization[k]!;
      }
      inverseTransform(block, plane, row * 8 * stride + column * 8, stride);
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
  coefficients: Int16Array,
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
        coefficients[64 * index] = lastDc << bitsLeft;
      },
    };
  }
  if (!ac) {
    return {
      restart,
      decode(bits, _column, _row, index) {
        if (bits.take(1)) coefficients[64 * index]! |= 1 << bitsLeft;
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
          coefficients[64 * index + zigzag[k]!] = bits.takeSigned(size) << bitsLeft;
        }
      },
    };
  }
  const one = 1 << bitsLeft;
  /** Refines a coefficient that is not 0. */
  const refine = (bits: BitReader, at: number) => {
    const value = coefficients[at]!;
    if (bits.take(1) && (value & one) === 0) coefficients[at] = value + (value > 0 ? one : -one);
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
          if (coefficients[at] !== 0) {
            refine(bits, at);
          } else if (zeros-- === 0) {
            coefficients[at] = begun;
            k++;
            break;
          }
        }
      }
      if (emptyBlocks === 0) return;
      for (; k <= last; k++) {
        const at = 64 * index + zigzag[k]!;
        if (coefficients[at] !== 0) refine(bits, at);
      }
      emptyBlocks--;
    },
  };
}

async function transformAll(
  { paddedColumns, paddedRows, quantization }: JpegComponent,
  coefficients: Int16Array,
  plane: Plane,
  work: Work,
): Promise<void> {
  const block = new Int32Array(64);
  const stride = 8 * paddedColumns;
  for (let row = 0; row < paddedRows; row++) {
    for (let column = 0; column < paddedColumns; column++) {
      const from = 64 * (row * paddedColumns + column);
      for (let k = 0; k < 64; k++) {
        const at = zigzag[k]!;
        block[at] = coefficients[from + at]! * quantization[k]!;
      }
      inverseTransform(block, plane, row * 8 * stride + column * 8, stride);
    }
    if (work.isDue) await work.turn();
  }
}
