import { readFile } from 'node:fs/promises';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { arrayOf, type Check, checkOptions, type OptionChecks } from '../checks/index.js';
import { DataFormatError, NnLabError } from '../errors.js';
import { findPackageFile } from './package-files.js';

/** Options of {@link renderPng}. */
export interface RenderPngOptions {
  /** Pixels of the picture for one of the SVG: 2 is sharp on today's screens. Default 2. */
  readonly scale?: number;
  /** More fonts (TTF, OTF, WOFF or WOFF2 files), for scripts that Inter lacks. */
  readonly fonts?: readonly Uint8Array[];
}

const zoom: Check<number> = {
  expected: 'a number above 0 and at most 16',
  accepts: (value): value is number => typeof value === 'number' && value > 0 && value <= 16,
};

/** Not by instanceof: the bytes may be of another realm, such as jsdom's. */
const bytes: Check<Uint8Array> = {
  expected: 'a Uint8Array',
  accepts: (value): value is Uint8Array =>
    Object.prototype.toString.call(value) === '[object Uint8Array]',
};

const renderPngChecks: OptionChecks<RenderPngOptions> = { scale: zoom, fonts: arrayOf(bytes) };

/**
 * Draws an SVG document as a PNG, with resvg in WebAssembly: no browser, no native code. Text is set
 * in Inter (Latin, Greek and Cyrillic), whatever the system's fonts, so that the same chart gives the
 * same bytes everywhere.
 *
 * @example
 * ```ts
 * await writeFile('loss.png', await renderPng(lineChart(series)));
 * ```
 *
 * @throws InvalidArgumentError for an option that is unknown or cannot be used.
 * @throws DataFormatError when the text is no SVG document.
 * @throws NnLabError in a bundle that runs where `@resvg/resvg-wasm` and `inter-ui` are not installed.
 */
export async function renderPng(svg: string, options: RenderPngOptions = {}): Promise<Uint8Array> {
  checkOptions(options, renderPngChecks);
  const { scale = 2, fonts = [] } = options;
  const ownFonts = await loadRenderer();
  let resvg: InstanceType<typeof Resvg>;
  try {
    resvg = new Resvg(svg, {
      fitTo: { mode: 'zoom', value: scale },
      font: {
        fontBuffers: [...ownFonts, ...fonts],
        defaultFontFamily: 'Inter',
        sansSerifFamily: 'Inter',
      },
    });
  } catch (cause) {
    throw new DataFormatError(`Expected an SVG document to draw: ${String(cause)}.`, {
      source: 'svg',
      cause,
    });
  }
  try {
    const image = resvg.render();
    try {
      return image.asPng();
    } finally {
      image.free();
    }
  } finally {
    resvg.free();
  }
}

let renderer: Promise<readonly Uint8Array[]> | undefined;

/** Compiles resvg and reads the fonts, once; resolves to the fonts. */
function loadRenderer(): Promise<readonly Uint8Array[]> {
  renderer ??= (async () => {
    const [wasm, ...fonts] = await Promise.all(
      [
        '@resvg/resvg-wasm/index_bg.wasm',
        'inter-ui/web/Inter-Regular.woff2',
        'inter-ui/web/Inter-SemiBold.woff2',
      ].map((file) => readFile(pathOf(file))),
    );
    await initWasm(wasm!);
    return fonts;
  })();
  return renderer;
}

function pathOf(file: string): string {
  const path = findPackageFile(file);
  if (path !== undefined) return path;
  throw new NnLabError(
    `Expected ${file} in node_modules to draw a PNG: a bundle does not hold it. Install it beside the bundle with: npm i @resvg/resvg-wasm inter-ui`,
  );
}
