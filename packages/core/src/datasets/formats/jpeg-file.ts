import { ByteReader } from './bytes.js';
import { createHuffmanTable, type HuffmanTable } from './jpeg-huffman.js';
import { exifOrientation } from './picture-format.js';

/** The segments of a JPEG (ITU-T T.81, annex B), in order and checked, its scans not yet decoded. */
export interface JpegFile {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly components: readonly JpegComponent[];
  readonly scans: readonly JpegScan[];
  readonly colors: JpegColors;
  readonly orientation: number;
}

/** What the components mean. */
export type JpegColors = 'gray' | 'rgb' | 'ycbcr' | 'cmyk' | 'ycck';

export interface JpegComponent {
  readonly id: number;
  /** Blocks of an MCU, across and down. */
  readonly across: number;
  readonly down: number;
  /** Pixels of the picture for each sample, across and down. */
  readonly scaleX: number;
  readonly scaleY: number;
  /** Samples that belong to the picture. */
  readonly width: number;
  readonly height: number;
  /** Blocks that hold them. */
  readonly columns: number;
  readonly rows: number;
  /** Blocks with those that fill the last MCU of a row and the last row. */
  readonly paddedColumns: number;
  readonly paddedRows: number;
  /** Quantization of the 64 coefficients, in zigzag order. */
  readonly quantization: Uint16Array;
}

export interface JpegScan {
  readonly parts: readonly {
    /** Position in the file's components. */
    readonly component: number;
    readonly dc: HuffmanTable | undefined;
    readonly ac: HuffmanTable | undefined;
  }[];
  /** First and last coefficient, in zigzag order. */
  readonly first: number;
  readonly last: number;
  /** Bits that an earlier scan and this one leave out of each coefficient. */
  readonly bitsBefore: number;
  readonly bitsLeft: number;
  /** MCUs between two restart markers; 0 when there are none. */
  readonly restartInterval: number;
  /** Entropy-coded bytes between the restart markers. */
  readonly intervals: readonly Uint8Array[];
}

/**
 * More than any encoder writes. Scans of blocks that stay as they are take next to no bytes, but each
 * takes a walk over the picture.
 */
const maxScans = 100;

/** Takes a JPEG apart. */
export function readJpegFile(bytes: Uint8Array, source: string): JpegFile {
  return new SegmentReader(bytes, source).read();
}

class SegmentReader {
  readonly #reader: ByteReader;
  readonly #quantizations: (Uint16Array | undefined)[] = [];
  readonly #dcTables: (HuffmanTable | undefined)[] = [];
  readonly #acTables: (HuffmanTable | undefined)[] = [];
  readonly #scans: JpegScan[] = [];
  #frame: Frame | undefined;
  #restartInterval = 0;
  #orientation: number | undefined;
  #hasJfif = false;
  #adobeTransform: number | undefined;
  #start = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly source: string,
  ) {
    this.#reader = new ByteReader(bytes, source, 'a JPEG');
  }

  read(): JpegFile {
    const reader = this.#reader;
    reader.take(2, 'start');
    let ended = false;
    while (!ended && reader.left > 0) ended = this.#segment();
    const frame = this.#frame;
    if (!frame || this.#scans.length === 0) {
      throw reader.error(
        'the JPEG has no picture in it; it is cut short or corrupt. Save or fetch it again.',
      );
    }
    // Without the end there is no telling whether scans that refine the picture are missing.
    if (!ended && frame.progressive) {
      throw reader.error('the JPEG is cut short; save or fetch it again.');
    }
    const components = frame.components.map(({ quantization, ...component }) => {
      if (!quantization) throw this.#corrupt(`no scan has component ${component.id}`);
      return { ...component, quantization };
    });
    const { width, height, progressive } = frame;
    return {
      width,
      height,
      progressive,
      components,
      scans: this.#scans,
      colors: this.#colors(components.map(({ id }) => id)),
      orientation: this.#orientation ?? 1,
    };
  }

  #corrupt(what: string) {
    return this.#reader.error(`${what}; the JPEG is corrupt.`, this.#start);
  }

  /** Reads one segment, with the data of a scan. True at the end of the picture. */
  #segment(): boolean {
    const reader = this.#reader;
    this.#start = reader.offset;
    let marker = reader.uint8('marker');
    if (marker !== 0xff) throw this.#corrupt('bytes stand between two segments');
    while (marker === 0xff) marker = reader.uint8('marker');
    if (marker === 0xd9) return true;
    if (marker === 1 || isRestart(marker)) return false;
    if (marker === 0 || marker === 0xd8) {
      throw this.#corrupt(`marker ${hex(marker)} stands between two segments`);
    }
    const length = reader.uint16('segment length');
    if (length < 2) throw this.#corrupt(`a segment has a length of ${length}`);
    const content = reader.take(length - 2, 'segment');
    const fields = new ByteReader(content, this.source, `a JPEG's segment ${hex(marker)}`);
    if (marker === 0xc4) this.#readHuffmanTables(fields);
    else if (marker === 0xda) this.#readScan(fields);
    else if (marker === 0xdb) this.#readQuantizations(fields);
    else if (marker === 0xdd) this.#restartInterval = fields.uint16('restart interval');
    else if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8) this.#readFrame(marker, fields);
    else if (marker >= 0xe0 && marker <= 0xef) this.#readApplicationData(marker, content);
    return false;
  }

  #readApplicationData(marker: number, content: Uint8Array): void {
    const starts = (text: string) =>
      [...text].every((character, i) => content[i] === character.charCodeAt(0));
    if (marker === 0xe0 && content.length >= 14 && starts('JFIF\0')) this.#hasJfif = true;
    if (marker === 0xe1 && starts('Exif\0')) {
      this.#orientation ??= exifOrientation(content.subarray(6));
    }
    if (marker === 0xee && content.length >= 12 && starts('Adobe')) {
      this.#adobeTransform = content[11];
    }
  }

  #readQuantizations(fields: ByteReader): void {
    while (fields.left > 0) {
      const [wide, index] = nibbles(fields.uint8('quantization table'));
      if (wide > 1 || index > 3)
        throw this.#corrupt('there is a quantization table of no known kind');
      this.#quantizations[index] = Uint16Array.from({ length: 64 }, () =>
        wide ? fields.uint16('quantization table') : fields.uint8('quantization table'),
      );
    }
  }

  #readHuffmanTables(fields: ByteReader): void {
    while (fields.left > 0) {
      const [isAc, index] = nibbles(fields.uint8('Huffman table'));
      if (isAc > 1 || index > 3) throw this.#corrupt('there is a Huffman table of no known kind');
      const counts = fields.take(16, 'Huffman table');
      const symbols = fields.take(
        counts.reduce((sum, count) => sum + count, 0),
        'Huffman table',
      );
      const table = createHuffmanTable(counts, symbols);
      if (!table) throw this.#corrupt('a Huffman table has more codes than there are');
      (isAc ? this.#acTables : this.#dcTables)[index] = table;
    }
  }

  #readFrame(marker: number, fields: ByteReader): void {
    if (marker > 0xc8) {
      throw this.#reader.error(
        'a JPEG of arithmetic coding cannot be read; save it with Huffman coding.',
        this.#start,
      );
    }
    if (marker > 0xc2) {
      throw this.#reader.error(
        'a lossless or hierarchical JPEG cannot be read; save it as a baseline one.',
        this.#start,
      );
    }
    if (this.#frame) throw this.#corrupt('there are two frame headers');
    const precision = fields.uint8('precision');
    if (precision !== 8) {
      throw this.#reader.error(
        `a JPEG of ${precision} bits a sample cannot be read; save it with 8.`,
        this.#start,
      );
    }
    const height = fields.uint16('height');
    const width = fields.uint16('width');
    const count = fields.uint8('number of components');
    if (![1, 3, 4].includes(count)) {
      throw this.#corrupt(`there are ${count} components, not 1, 3 or 4`);
    }
    const raw = Array.from({ length: count }, () => {
      const id = fields.uint8('component');
      const [across, down] = nibbles(fields.uint8('component'));
      if (across < 1 || across > 4 || down < 1 || down > 4) {
        throw this.#corrupt(`component ${id} has a sampling of ${across}x${down}`);
      }
      const table = fields.uint8('component');
      // A single component comes block by block, whatever its sampling.
      return count === 1 ? { id, across: 1, down: 1, table } : { id, across, down, table };
    });
    if (new Set(raw.map(({ id }) => id)).size < count) {
      throw this.#corrupt('two components have one name');
    }
    const mostAcross = Math.max(...raw.map(({ across }) => across));
    const mostDown = Math.max(...raw.map(({ down }) => down));
    const components = raw.map(({ id, across, down, table }) => {
      if (mostAcross % across > 0 || mostDown % down > 0) {
        throw this.#reader.error(
          `a JPEG with components of ${across}x${down} beside ${mostAcross}x${mostDown} samples cannot be read; save it with another subsampling.`,
          this.#start,
        );
      }
      const ownWidth = Math.ceil((width * across) / mostAcross);
      const ownHeight = Math.ceil((height * down) / mostDown);
      return {
        id,
        across,
        down,
        scaleX: mostAcross / across,
        scaleY: mostDown / down,
        width: ownWidth,
        height: ownHeight,
        columns: Math.ceil(ownWidth / 8),
        rows: Math.ceil(ownHeight / 8),
        paddedColumns: Math.ceil(width / (8 * mostAcross)) * across,
        paddedRows: Math.ceil(height / (8 * mostDown)) * down,
        table,
        quantization: undefined,
        bitsLeft: undefined,
      };
    });
    this.#frame = { width, height, progressive: marker === 0xc2, components };
  }

  #readScan(fields: ByteReader): void {
    const frame = this.#frame;
    if (!frame) throw this.#corrupt('a scan comes before the frame header');
    if (this.#scans.length === maxScans) {
      throw this.#corrupt(`there are more than ${maxScans} scans`);
    }
    const count = fields.uint8('number of components');
    const selected = Array.from({ length: count }, () => {
      const id = fields.uint8('component');
      const [dc, ac] = nibbles(fields.uint8('component'));
      return { component: frame.components.findIndex((component) => component.id === id), dc, ac };
    });
    const [first, last] = [fields.uint8('first coefficient'), fields.uint8('last coefficient')];
    const [bitsBefore, bitsLeft] = nibbles(fields.uint8('bits'));
    const scan = frame.progressive
      ? { first, last, bitsBefore, bitsLeft }
      : { first: 0, last: 63, bitsBefore: 0, bitsLeft: 0 };
    if (
      count < 1 ||
      new Set(selected.map(({ component }) => component)).size < count ||
      selected.some(({ component }) => component < 0)
    ) {
      throw this.#corrupt('a scan names components that are not there');
    }
    const isRefinement = scan.bitsBefore > 0;
    const isDc = scan.first === 0;
    const outOfBounds = frame.progressive
      ? scan.last > 63 ||
        scan.bitsLeft > 13 ||
        (isDc ? scan.last > 0 : scan.last < scan.first || count > 1)
      : false;
    if (outOfBounds || (isRefinement && scan.bitsBefore !== scan.bitsLeft + 1)) {
      throw this.#corrupt('a scan has bounds that none may have');
    }
    const parts = selected.map(({ component: position, dc, ac }) => {
      const component = frame.components[position]!;
      this.#advance(component, scan);
      component.quantization ??= this.#quantizations[component.table];
      if (!component.quantization) throw this.#corrupt('a quantization table is missing');
      const part = {
        component: position,
        dc: isDc && !isRefinement ? this.#dcTables[dc] : undefined,
        ac: scan.last > 0 ? this.#acTables[ac] : undefined,
      };
      if ((isDc && !isRefinement && !part.dc) || (scan.last > 0 && !part.ac)) {
        throw this.#corrupt('a Huffman table is missing');
      }
      return part;
    });
    this.#scans.push({
      parts,
      ...scan,
      restartInterval: this.#restartInterval,
      intervals: this.#takeIntervals(),
    });
  }

  /**
   * Notes what a scan does to a component's coefficients: each is begun once and then refined bit by
   * bit, the first before all others. So no scan is without effect, and their time is bounded.
   */
  #advance(
    component: FrameComponent,
    scan: Omit<JpegScan, 'parts' | 'intervals' | 'restartInterval'>,
  ): void {
    component.bitsLeft ??= new Int8Array(64).fill(untouched);
    const { bitsLeft } = component;
    if (scan.first > 0 && bitsLeft[0] === untouched) {
      throw this.#corrupt('a scan refines a component before its first');
    }
    for (let k = scan.first; k <= scan.last; k++) {
      const expected = scan.bitsBefore === 0 ? untouched : scan.bitsBefore;
      if (bitsLeft[k] !== expected) throw this.#corrupt('two scans give the same coefficients');
      bitsLeft[k] = scan.bitsLeft;
    }
  }

  /** Takes the data of a scan, up to the next marker that is no restart. */
  #takeIntervals(): Uint8Array[] {
    const { bytes } = this;
    const intervals: Uint8Array[] = [];
    let start = this.#reader.offset;
    for (let at = start; ; ) {
      at = bytes.indexOf(0xff, at);
      if (at < 0) at = bytes.length;
      const next = bytes[at + 1];
      if (next === 0) {
        at += 2;
      } else if (next === 0xff) {
        at += 1;
      } else {
        intervals.push(bytes.subarray(start, at));
        if (next === undefined || !isRestart(next)) {
          this.#reader.offset = at;
          return intervals;
        }
        if ((next & 7) !== ((intervals.length - 1) & 7)) {
          throw this.#corrupt('its restart markers are out of order');
        }
        at += 2;
        start = at;
      }
    }
  }

  /** As libjpeg decides: by the JFIF marker, Adobe's, or the components' names. */
  #colors(ids: readonly number[]): JpegColors {
    const adobe = this.#adobeTransform;
    if (ids.length === 1) return 'gray';
    if (ids.length === 4) return adobe === undefined || adobe === 0 ? 'cmyk' : 'ycck';
    if (this.#hasJfif) return 'ycbcr';
    if (adobe !== undefined) return adobe === 0 ? 'rgb' : 'ycbcr';
    return String.fromCharCode(...ids) === 'RGB' ? 'rgb' : 'ycbcr';
  }
}

interface FrameComponent extends Omit<JpegComponent, 'quantization'> {
  /** Index of its quantization table. */
  readonly table: number;
  /** The table that had this index at the component's first scan. */
  quantization: Uint16Array | undefined;
  /** Bits that the scans so far leave out of each coefficient. */
  bitsLeft: Int8Array | undefined;
}

interface Frame extends Pick<JpegFile, 'width' | 'height' | 'progressive'> {
  readonly components: readonly FrameComponent[];
}

const untouched = -1;

const isRestart = (marker: number) => marker >= 0xd0 && marker <= 0xd7;

const nibbles = (byte: number) => [byte >> 4, byte & 15] as const;

const hex = (marker: number) => `0xff${marker.toString(16).padStart(2, '0')}`;
