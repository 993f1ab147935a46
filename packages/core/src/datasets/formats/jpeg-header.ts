import { ByteReader } from './bytes.js';
import { exifOrientation } from './picture-format.js';

/** What the header of a JPEG says. */
export interface JpegFrame {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Number of 8x8 blocks of all components. */
  readonly blocks: number;
  readonly orientation: number;
  /** It has one component. */
  readonly gray: boolean;
}

/** More scans than any encoder writes; each makes the decoder pass over the whole picture again. */
const maxScans = 200;

/** Walks over the segments (ITU-T T.81, annex B) and finds the frame header and the orientation. */
export function readJpegSegments(bytes: Uint8Array, source: string): JpegFrame {
  const reader = new ByteReader(bytes, source, 'a JPEG');
  reader.take(2, 'start');
  let frame: FrameHeader | undefined;
  let orientation = 1;
  let scans = 0;
  while (reader.left > 0) {
    if (bytes[reader.offset] !== 0xff) {
      reader.offset = nextMarker(bytes, reader.offset);
      continue;
    }
    reader.offset++;
    const marker = reader.uint8('marker');
    if (marker === 0xd9) break;
    if (marker === 0xff) reader.offset--;
    if (marker === 0xff || marker <= 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    const start = reader.offset;
    const length = reader.uint16('segment length');
    if (length < 2)
      throw reader.error(`a JPEG segment has a length of ${length}; the file is corrupt.`, start);
    const segment = reader.take(length - 2, 'segment');
    if (marker === 0xe1 && String.fromCharCode(...segment.subarray(0, 4)) === 'Exif') {
      orientation = exifOrientation(segment.subarray(6));
    }
    if (marker === 0xda && ++scans > maxScans) {
      throw reader.error(`the JPEG has more than ${maxScans} scans; the file is corrupt.`, start);
    }
    if (isFrameHeader(marker)) {
      if (frame) throw reader.error('the JPEG has two frame headers; the file is corrupt.', start);
      frame = readFrameHeader(new ByteReader(segment, source, 'a JPEG frame header'));
    }
  }
  if (!frame || scans === 0) {
    throw reader.error(
      'the JPEG has no picture in it; it is cut short or corrupt. Save or fetch it again.',
    );
  }
  return { ...frame, orientation, gray: frame.components === 1 };
}

const isFrameHeader = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

function nextMarker(bytes: Uint8Array, from: number): number {
  const at = bytes.indexOf(0xff, from);
  return at < 0 ? bytes.length : at;
}

type FrameHeader = Omit<JpegFrame, 'orientation' | 'gray'>;

function readFrameHeader(reader: ByteReader): FrameHeader {
  reader.uint8('precision');
  const height = reader.uint16('height');
  const width = reader.uint16('width');
  const components = reader.uint8('number of components');
  if (![1, 3, 4].includes(components)) {
    throw reader.error(
      `a JPEG has 1, 3 or 4 components, but this one says ${components}; it is corrupt.`,
    );
  }
  const factors = Array.from({ length: components }, () => {
    reader.uint8('component');
    const sampling = reader.uint8('component');
    reader.uint8('component');
    return [sampling >> 4, sampling & 15] as const;
  });
  if (factors.flat().some((factor) => factor < 1 || factor > 4)) {
    throw reader.error(
      'a JPEG component has a sampling factor outside of 1 to 4; the file is corrupt.',
    );
  }
  const columns = Math.ceil(width / 8 / Math.max(...factors.map(([h]) => h)));
  const rows = Math.ceil(height / 8 / Math.max(...factors.map(([, v]) => v)));
  const blocks = factors.reduce((sum, [h, v]) => sum + columns * h * rows * v, 0);
  return { width, height, components, blocks };
}
