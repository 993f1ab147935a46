import fc from 'fast-check';
import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../src/datasets/index.js';
import { InvalidArgumentError } from '../../src/errors.js';
import { confusionMatrix } from '../../src/metrics/index.js';
import {
  barChart,
  confusionMatrixChart,
  heatMap,
  histogram,
  imageGrid,
  lineChart,
  scatterChart,
} from '../../src/plot/index.js';
import { isSvg } from '../../src/plot/svg.js';
import { fitText, textWidth } from '../../src/plot/text-width.js';
import { findAll, parseSvg, textsOf, type XmlElement } from './parse-svg.js';

const numberOf = (element: XmlElement, attribute: string) => Number(element.attributes[attribute]);

/** Where the tick with this text stands, across or down. */
function tickPlace(root: XmlElement, label: string, along: 'x' | 'y'): number {
  const anchor = along === 'x' ? 'middle' : 'end';
  const ticks = findAll(root, 'g')
    .filter(({ attributes }) => attributes['text-anchor'] === anchor)
    .flatMap((group) => findAll(group, 'text'))
    .filter(({ text }) => text === label);
  expect(ticks, `tick ${label}`).toHaveLength(1);
  return numberOf(ticks[0]!, along) - (along === 'y' ? 4 : 0);
}

function picture(width: number, height: number, channels: 1 | 3 | 4): Picture {
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37) % 256);
  return { width, height, channels, data };
}

/** The picture inside an image element, decoded by fast-png. */
function embedded(image: XmlElement) {
  const [head, body] = image.attributes.href!.split(',') as [string, string];
  expect(head).toBe('data:image/png;base64');
  return decode(Uint8Array.from(Buffer.from(body, 'base64')));
}

describe('texts without end', () => {
  const endless = 'wide name '.repeat(100_000);

  it('are cut to their place, in every chart', () => {
    const names = [endless, endless];
    const charts = [
      confusionMatrixChart(confusionMatrix([0, 1], [0, 1], [endless, `${endless}2`])),
      heatMap([[1, 2]], { columnLabels: names, rowLabels: [endless] }),
      barChart(names, [
        { name: endless, values: [1, 2] },
        { name: endless, values: [1, 2] },
      ]),
      scatterChart({ x: [1], y: [1] }, { categoryNames: names }),
      imageGrid([picture(2, 2, 1)], { captions: [endless] }),
      lineChart([{ name: endless, y: [1, 2] }], { subtitle: endless }),
    ];
    for (const svg of charts) expect(svg.length).toBeLessThan(20_000);
  });

  it('keep the longest beginning that fits with its ellipsis', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('i', 'W', 'a', ' ', '漢', '😀'), maxLength: 40 }),
        fc.double({ min: 5, max: 200, noNaN: true }),
        (text, width) => {
          const fitted = fitText(text, width, 10);
          if (textWidth(text, 10) <= width) {
            expect(fitted).toBe(text);
            return;
          }
          const characters = [...text];
          let count = characters.length;
          const cut = () => `${characters.slice(0, count).join('')}…`;
          while (count > 1 && textWidth(cut(), 10) > width) count--;
          expect(fitted).toBe(`${characters.slice(0, count).join('').trimEnd()}…`);
        },
      ),
    );
  });
});

describe('every chart', () => {
  const anyNumber = fc.oneof(
    fc.double(),
    fc.double({ min: -100, max: 100 }),
    fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 1e308, -1e308, 5e-324),
  );
  const numbers = fc.array(anyNumber, { minLength: 1, maxLength: 12 });
  const text = fc.string({ unit: 'binary', maxLength: 30 });
  const scale = fc.constantFrom('linear' as const, 'log' as const);
  const options = fc.record({
    title: text,
    subtitle: text,
    width: fc.integer({ min: 200, max: 900 }),
    xAxis: fc.record({ title: text, scale }),
    yAxis: fc.record({ title: text, scale }),
  });

  function check(draw: () => string): void {
    const svg = draw();
    parseSvg(svg);
    expect(isSvg(svg)).toBe(true);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  }

  it('is well-formed XML without NaN for any values and texts: lines', () => {
    fc.assert(
      fc.property(numbers, numbers, text, options, (ys, xs, name, rest) => {
        fc.pre(!/NaN|Infinity|undefined/.test(JSON.stringify([name, rest])));
        check(() =>
          lineChart(
            [
              { name, y: ys },
              { name, y: xs, dashed: true },
            ],
            rest,
          ),
        );
        const x = ys.map((_, index) => xs[index % xs.length]!);
        const band = { low: x, high: ys };
        check(() =>
          lineChart([{ name, x, y: ys, band }], {
            ...rest,
            references: [{ y: xs[0]!, label: name }],
          }),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('... and points, bars, bins, cells and pictures', () => {
    fc.assert(
      fc.property(numbers, text, options, (values, name, rest) => {
        fc.pre(!/NaN|Infinity|undefined/.test(JSON.stringify([name, rest])));
        const { xAxis, yAxis, ...plain } = rest;
        const markers = [{ x: values[0]!, y: values.at(-1)!, category: 0 }];
        const categoryNames = [name];
        check(() =>
          scatterChart({ x: values, y: values.toReversed() }, { ...rest, categoryNames, markers }),
        );
        check(() =>
          barChart(
            values.map(() => name),
            [{ name, values }],
            plain,
          ),
        );
        if (values.some((value) => Math.abs(value) <= 1e100)) {
          check(() => histogram(values, { ...plain, yAxis, xAxis: { title: xAxis.title! } }));
        }
        check(() => heatMap([values], { ...plain, rowLabels: [name], rowTitle: name }));
        check(() => imageGrid([picture(2, 3, 1)], { ...plain, captions: [name], crisp: false }));
      }),
      { numRuns: 60 },
    );
  });

  it('writes its texts as they are, markup included', () => {
    const title = `<b>"R&D" 'x' ]]></b>`;
    const root = parseSvg(
      lineChart([{ name: '<script>', y: [1] }], {
        title,
        subtitle: 'a & b',
        yAxis: { title: '< 5 min' },
      }),
    );
    expect(textsOf(root)).toEqual(expect.arrayContaining([title, 'a & b', '<script>', '< 5 min']));
    expect(findAll(root, 'script')).toEqual([]);
    expect(findAll(root, 'title')[0]!.text).toBe(title);
  });

  it('keeps texts inside the picture', () => {
    const long = 'word '.repeat(100);
    const root = parseSvg(lineChart([{ name: long, y: [1, 2] }], { title: long, subtitle: long }));
    const cut = textsOf(root).filter((text) => text.startsWith('word'));
    expect(cut).toHaveLength(3);
    for (const text of cut) {
      expect(text).toMatch(/^word .*…$/);
      expect(text.length).toBeLessThan(120);
    }
  });

  it('has the size asked for, 640 pixels wide by default, and a fallback font', () => {
    const root = parseSvg(lineChart([{ name: 'a', y: [1, 2] }]));
    expect(root.attributes).toMatchObject({ width: '640', height: '400', viewBox: '0 0 640 400' });
    expect(root.attributes['font-family']).toMatch(/sans-serif$/);
    const small = lineChart([{ name: 'a', y: [1, 2] }], { width: 300, height: 200 });
    expect(parseSvg(small).attributes).toMatchObject({ width: '300', height: '200' });
  });
});

describe('lineChart', () => {
  const dotsOf = (root: XmlElement) =>
    findAll(root, 'circle').map((dot) => [numberOf(dot, 'cx'), numberOf(dot, 'cy')] as const);

  it('puts values beside their ticks', () => {
    const root = parseSvg(lineChart([{ name: '', y: [0, 4, 10, 6] }]));
    const dots = dotsOf(root);
    expect(dots).toHaveLength(4);
    for (const [index, value] of [0, 4, 10, 6].entries()) {
      expect(dots[index]![0]).toBeCloseTo(tickPlace(root, String(index + 1), 'x'), 1);
      const top = tickPlace(root, '10', 'y');
      const bottom = tickPlace(root, '0', 'y');
      expect(dots[index]![1]).toBeCloseTo(bottom + ((top - bottom) * value) / 10, 1);
    }
  });

  it('spaces equal ratios equally on a logarithmic axis', () => {
    const root = parseSvg(
      lineChart([{ name: '', x: [1, 10, 100], y: [1e-5, 1e-3, 1e-1] }], {
        xAxis: { scale: 'log' },
        yAxis: { scale: 'log' },
      }),
    );
    const [first, second, third] = dotsOf(root);
    expect(second![0] - first![0]).toBeCloseTo(third![0] - second![0], 1);
    expect(second![1] - first![1]).toBeCloseTo(third![1] - second![1], 1);
    expect(tickPlace(root, '10⁻³', 'y')).toBeCloseTo(second![1], 1);
    expect(tickPlace(root, '10', 'x')).toBeCloseTo(second![0], 1);
  });

  const pathsOf = (svg: string, dashed = false) =>
    findAll(parseSvg(svg), 'path').filter(
      ({ attributes }) =>
        attributes['stroke-width'] === '2' && 'stroke-dasharray' in attributes === dashed,
    );

  it('leaves a gap where there is no finite value, or none above 0 on a logarithmic axis', () => {
    const moves = (y: number[], scale?: 'log') => {
      const [path] = pathsOf(lineChart([{ name: '', y }], scale ? { yAxis: { scale } } : {}));
      return path!.attributes.d!.match(/M/g)!.length;
    };
    expect(moves([1, 2, 3, 4])).toBe(1);
    expect(moves([1, Number.NaN, 3, 4])).toBe(2);
    expect(moves([1, Infinity, 3, Number.NaN, 4])).toBe(3);
    expect(moves([1, 0, 3, -4, 4], 'log')).toBe(3);
  });

  it('draws an empty frame when no value is finite', () => {
    const svg = lineChart([{ name: 'lost', y: [Number.NaN, Infinity] }]);
    expect(pathsOf(svg)).toEqual([]);
    expect(textsOf(parseSvg(svg))).toContain('lost');
  });

  it('names its lines in a legend, in their colours and dashes', () => {
    const svg = lineChart([
      { name: 'train', y: [1, 2], color: '#123456' },
      { name: 'test', y: [2, 3], dashed: true },
    ]);
    expect(textsOf(parseSvg(svg)).slice(0, 2)).toEqual(['train', 'test']);
    expect(pathsOf(svg).map(({ attributes }) => attributes.stroke)).toEqual(['#123456']);
    expect(pathsOf(svg, true)).toHaveLength(1);
    expect(svg.match(/stroke="#123456"/g)).toHaveLength(2); // the line and its legend
  });

  it('marks reference values with a line and a label', () => {
    const references = [{ y: 5, label: 'course 5' }];
    const root = parseSvg(lineChart([{ name: '', y: [0, 10] }], { references }));
    expect(textsOf(root)).toContain('course 5');
    const line = findAll(root, 'path').find(
      (path) => path.attributes['stroke-dasharray'] === '2 3',
    );
    const height = Number(/^M[\d.]+,([\d.]+)h/.exec(line!.attributes.d!)![1]);
    const middle = (tickPlace(root, '0', 'y') + tickPlace(root, '10', 'y')) / 2;
    expect(Math.abs(height - middle)).toBeLessThan(1);
  });

  it('draws a band between its edges', () => {
    const band = { low: [1, 1], high: [3, 3] };
    const root = parseSvg(lineChart([{ name: '', y: [2, 2], band }]));
    const area = findAll(root, 'path').find((path) => path.attributes['fill-opacity']);
    const heights = [...area!.attributes.d!.matchAll(/,(-?[\d.]+)/g)].map(([, y]) => Number(y));
    const edges = new Set(heights);
    expect(edges).toEqual(new Set([Math.min(...heights), Math.max(...heights)]));
    expect(Math.min(...heights)).toBeCloseTo(tickPlace(root, '3', 'y'), 1);
    expect(Math.max(...heights)).toBeCloseTo(tickPlace(root, '1', 'y'), 1);
  });

  it('writes ticks as a d3-format specifier or a function says', () => {
    const format = (value: number) => `${value} min`;
    const texts = textsOf(
      parseSvg(
        lineChart([{ name: '', y: [0, 1] }], { yAxis: { format: '.0%' }, xAxis: { format } }),
      ),
    );
    expect(texts).toEqual(expect.arrayContaining(['0%', '100%', '1 min', '2 min']));
  });

  it('cuts what a given domain leaves out', () => {
    const root = parseSvg(
      lineChart([{ name: '', y: [0, 50, 1000] }], { yAxis: { domain: [0, 100] } }),
    );
    const [window] = findAll(root, 'svg').slice(1);
    expect(window!.attributes.overflow).toBe('hidden');
    expect(numberOf(window!, 'y')).toBeCloseTo(tickPlace(root, '100', 'y'), 1);
  });

  it('stays compact for thousands of points', () => {
    const y = Float64Array.from({ length: 5000 }, (_, index) => Math.sin(index / 7) / 3);
    expect(lineChart([{ name: '', y }]).length).toBeLessThan(5000 * 15);
  });

  it('refuses what it cannot draw, and says why', () => {
    expect(() => lineChart([])).toThrow('Expected at least one line to draw, got none.');
    expect(() => lineChart([{ name: 'loss', y: [] }])).toThrow("at least one value of 'loss'");
    expect(() => lineChart([{ name: 'a', y: [1, 2], x: [1] }])).toThrow(InvalidArgumentError);
    const line = [{ name: 'a', y: [1, 2] }];
    expect(() => lineChart(line, { width: 10 })).toThrow('width from 200 to 20000 pixels, got 10');
    expect(() => lineChart(line, { height: Number.NaN })).toThrow('got NaN');
    expect(() => lineChart(line, { curve: 'wavy' as 'step' })).toThrow("got 'wavy'");
    for (const domain of [
      [1, 1],
      [2, 1],
      [0, Number.NaN],
    ] as [number, number][]) {
      expect(() => lineChart(line, { yAxis: { domain } })).toThrow(InvalidArgumentError);
    }
    expect(() => lineChart(line, { yAxis: { scale: 'log', domain: [0, 1] } })).toThrow('low > 0');
    expect(() => lineChart(line, { yAxis: { format: 'never' } })).toThrow('d3-format specifier');
  });
});

describe('scatterChart', () => {
  const pointsOf = (svg: string) =>
    findAll(parseSvg(svg), 'path')
      .filter(({ attributes }) => attributes.d!.endsWith('h0'))
      .map(({ attributes }) => ({
        color: attributes.stroke,
        count: attributes.d!.match(/M/g)!.length,
      }));

  it('draws each category in its colour, and none of the points that are not finite', () => {
    const svg = scatterChart({
      x: [1, 2, 3, Number.NaN, 5],
      y: [1, 2, 3, 4, Infinity],
      categories: [0, 1, 1, 1, 0],
    });
    const [first, second, ...rest] = pointsOf(svg);
    expect(rest).toEqual([]);
    expect([first!.count, second!.count]).toEqual([1, 2]);
    expect(first!.color).not.toBe(second!.color);
    expect(textsOf(parseSvg(svg)).slice(0, 2)).toEqual(['0', '1']);
  });

  it('has a colour of its own for every one of 40 categories', () => {
    for (const count of [2, 7, 8, 10, 11, 40]) {
      const list = Array.from({ length: count }, (_, index) => index);
      const colors = pointsOf(scatterChart({ x: list, y: list, categories: list }));
      expect(new Set(colors.map(({ color }) => color)).size).toBe(count);
    }
  });

  it('draws markers large, outlined and in their category’s colour, at their place', () => {
    const svg = scatterChart(
      { x: [0, 10], y: [0, 10], categories: [0, 1] },
      { markers: [{ x: 0, y: 10, category: 1 }] },
    );
    const root = parseSvg(svg);
    const marker = findAll(root, 'circle').find(({ attributes }) => attributes.stroke)!;
    expect(marker.attributes.fill).toBe(pointsOf(svg)[1]!.color);
    expect(numberOf(marker, 'r')).toBeGreaterThan(6);
    expect(numberOf(marker, 'cx')).toBeCloseTo(tickPlace(root, '0', 'x'), 1);
    expect(numberOf(marker, 'cy')).toBeCloseTo(tickPlace(root, '10', 'y'), 1);
  });

  it('stays compact for thousands of points', () => {
    const values = Float64Array.from({ length: 10_000 }, (_, index) => Math.sin(index));
    expect(scatterChart({ x: values, y: values }).length).toBeLessThan(10_000 * 18);
  });

  it('refuses lists that do not fit together', () => {
    expect(() => scatterChart({ x: [], y: [] })).toThrow('at least one point');
    expect(() => scatterChart({ x: [1], y: [1, 2] })).toThrow('Expected 1 y values');
    expect(() => scatterChart({ x: [1], y: [1], categories: [0.5] })).toThrow('got 0.5 at index 0');
    expect(() => scatterChart({ x: [1], y: [1], categories: [-1] })).toThrow('got -1');
    expect(() => scatterChart({ x: [1], y: [1], categories: [1e9] })).toThrow('got 1000000000');
    const names = { categoryNames: ['a'] };
    expect(() => scatterChart({ x: [1], y: [1], categories: [1] }, names)).toThrow('from 0 to 0');
    expect(() => scatterChart({ x: [1], y: [1] }, { radius: 0 })).toThrow('radius above 0');
  });
});

/** Contrast of two colours after WCAG 2.1, from its definition. */
function contrast(a: string, b: string): number {
  const luminance = (color: string) => {
    const parts = color.startsWith('#')
      ? [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
      : color.match(/\d+/g)!.map(Number);
    const [r, g, blue] = parts.map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * blue!;
  };
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter! + 0.05) / (darker! + 0.05);
}

describe('heatMap', () => {
  /** Each cell's value text with its colours, row by row. */
  function cellsOf(root: XmlElement) {
    const [group] = findAll(root, 'g').filter(({ attributes }) => attributes['font-size']);
    const cells: { fill: string; text?: string; ink?: string }[] = [];
    for (const child of group!.children) {
      if (child.name === 'rect') cells.push({ fill: child.attributes.fill! });
      else Object.assign(cells.at(-1)!, { text: child.text, ink: child.attributes.fill });
    }
    return cells;
  }

  it('colours and writes the values row by row, and leaves what is not finite empty', () => {
    const cells = cellsOf(parseSvg(heatMap([[0, 1.5], [Number.NaN, 3], Float32Array.of(3, 0)])));
    expect(cells.map(({ text }) => text)).toEqual([
      '0.00',
      '1.50',
      undefined,
      '3.00',
      '3.00',
      '0.00',
    ]);
    expect(cells[0]!.fill).toBe(cells[5]!.fill);
    expect(cells[3]!.fill).toBe(cells[4]!.fill);
    expect(new Set(cells.map(({ fill }) => fill)).size).toBe(4);
  });

  it('keeps every value readable on its cell', () => {
    for (const colors of ['blues', 'viridis', 'diverging'] as const) {
      const rows = Array.from({ length: 10 }, (_, row) =>
        [0, 1, 2, 3].map((i) => row * 4 + i - 20),
      );
      for (const { fill, ink } of cellsOf(parseSvg(heatMap(rows, { colors })))) {
        expect(contrast(fill, ink!)).toBeGreaterThan(3.5);
      }
    }
  });

  it('puts 0 in the middle of the diverging colours', () => {
    const [zero, low, high] = cellsOf(parseSvg(heatMap([[0, -1, 4]], { colors: 'diverging' })));
    expect(contrast(zero!.fill, '#ffffff')).toBeLessThan(1.2);
    expect(low!.fill).not.toBe(high!.fill);
    expect(textsOf(parseSvg(heatMap([[0, -1, 4]], { colors: 'diverging' })))).toContain('−4');
  });

  it('turns many small cells into one picture of the same colours', () => {
    const rows = Array.from({ length: 60 }, (_, row) =>
      Float64Array.from({ length: 80 }, (_, column) => (column < 40 ? row : Number.NaN)),
    );
    const svg = heatMap(rows, { colors: 'viridis' });
    expect(svg.length).toBeLessThan(40_000);
    const [image] = findAll(parseSvg(svg), 'image');
    const { width, height, data, channels } = embedded(image!);
    const pixelAt = (column: number, row: number) => {
      const x = Math.floor(((column + 0.5) * width) / 80);
      const y = Math.floor(((row + 0.5) * height) / 60);
      return Array.from(data.slice((y * width + x) * channels, (y * width + x) * channels + 3));
    };
    expect(pixelAt(0, 0)).toEqual([0x44, 0x01, 0x54]); // viridis begins here
    expect(pixelAt(39, 59)).toEqual([0xfd, 0xe7, 0x25]); // and ends here
    expect(pixelAt(70, 30)).toEqual(pixelAt(41, 2));
    expect(pixelAt(20, 30)).not.toEqual(pixelAt(20, 31));
  });

  it('refuses ragged rows, wrong labels and unknown colours', () => {
    expect(() => heatMap([])).toThrow('at least one cell');
    expect(() => heatMap([[]])).toThrow('at least one cell');
    expect(() => heatMap([[1, 2], [3]])).toThrow('Expected 2 values in a row');
    expect(() => heatMap([[1]], { rowLabels: ['a', 'b'] })).toThrow('Expected 1 row labels');
    expect(() => heatMap([[1]], { colors: 'rainbow' as 'blues' })).toThrow("got 'rainbow'");
    expect(() => heatMap([[1]], { domain: [1, 0] })).toThrow('[1, 0]');
  });
});

describe('confusionMatrixChart', () => {
  it('writes the counts, the classes on both sides and the share that is right', () => {
    const matrix = confusionMatrix([0, 1, 1, 1], [0, 0, 1, 1], ['cat', 'dog & co']);
    const texts = textsOf(parseSvg(confusionMatrixChart(matrix, { title: 'Pets' })));
    expect(texts[0]).toBe('Pets');
    expect(texts[1]).toBe('3 of 4 right (75 %)');
    expect(texts.slice(2, 6)).toEqual(['1', '1', '0', '2']);
    expect(texts.filter((text) => text === 'cat')).toHaveLength(2);
    expect(texts.filter((text) => text === 'dog & co')).toHaveLength(2);
    expect(texts).toEqual(expect.arrayContaining(['Actual', 'Predicted']));
  });

  it('draws a class without members', () => {
    const svg = confusionMatrixChart(confusionMatrix([0], [0], 3));
    expect(svg).not.toContain('NaN');
    expect(textsOf(parseSvg(svg))).toContain('1 of 1 right (100 %)');
  });
});

describe('imageGrid', () => {
  it('embeds the pictures unchanged where they are not enlarged', () => {
    for (const channels of [1, 3, 4] as const) {
      const source = picture(700, 10, channels);
      const [image] = findAll(parseSvg(imageGrid([source])), 'image');
      const decoded = embedded(image!);
      expect([decoded.width, decoded.height, decoded.channels]).toEqual([700, 10, channels]);
      expect(Buffer.compare(decoded.data as Uint8Array, source.data)).toBe(0);
    }
  });

  it('repeats the pixels of small pictures, so that they stay squares', () => {
    const source = picture(2, 2, 1);
    const [image] = findAll(parseSvg(imageGrid([source, source])), 'image');
    const { width, data } = embedded(image!);
    expect(width).toBeGreaterThanOrEqual(numberOf(image!, 'width'));
    expect([data[0], data[width / 2 - 1], data[width / 2], data[width - 1]]).toEqual([
      0, 0, 37, 37,
    ]);
    expect(data.at(-1)).toBe(source.data[3]);
    const [plain] = findAll(parseSvg(imageGrid([source], { crisp: false })), 'image');
    expect(embedded(plain!).width).toBe(2);
  });

  it('lays pictures of any shape out in rows, with captions', () => {
    const pictures = [picture(4, 4, 1), picture(8, 4, 3), picture(4, 8, 4)];
    const captions = ['7', '7 → 1', '< 3'];
    const captionColors = ['#000000', '#d55e00', '#000000'];
    const root = parseSvg(imageGrid(pictures, { columns: 2, captions, captionColors }));
    const images = findAll(root, 'image');
    const shape = images.map((image) => numberOf(image, 'width') / numberOf(image, 'height'));
    expect(shape.map((ratio) => ratio.toFixed(2))).toEqual(['1.00', '2.00', '0.50']);
    expect(numberOf(images[2]!, 'y')).toBeGreaterThan(numberOf(images[0]!, 'y'));
    expect(numberOf(images[1]!, 'x')).toBeGreaterThan(numberOf(images[0]!, 'x'));
    expect(textsOf(root)).toEqual(captions);
    expect(findAll(root, 'text')[1]!.attributes.fill).toBe('#d55e00');
    for (const image of images) {
      expect(numberOf(image, 'x') + numberOf(image, 'width')).toBeLessThanOrEqual(640);
      expect(numberOf(image, 'y') + numberOf(image, 'height')).toBeLessThanOrEqual(
        numberOf(root, 'height'),
      );
    }
  });

  it('refuses no pictures, too few captions and too many columns', () => {
    expect(() => imageGrid([])).toThrow('at least one picture');
    const one = [picture(1, 1, 1)];
    expect(() => imageGrid(one, { captions: [] })).not.toThrow();
    expect(() => imageGrid(one, { captions: ['a', 'b'] })).toThrow('Expected 1 captions');
    expect(() => imageGrid(one, { columns: 0 })).toThrow('got 0');
    expect(() => imageGrid(one, { columns: 500 })).toThrow('got 500');
  });
});

describe('barChart', () => {
  const barsOf = (root: XmlElement) =>
    findAll(root, 'rect')
      .slice(1)
      .filter(({ attributes }) => !attributes.rx);

  it('draws bars in proportion to their values, from 0', () => {
    const series = [
      { name: 'course', values: [10, Number.NaN, 40] },
      { name: 'ours', values: [20, 5, 0] },
    ];
    const root = parseSvg(barChart(['a', 'b', 'c'], series));
    const heights = barsOf(root).map((bar) => numberOf(bar, 'height'));
    expect(heights).toHaveLength(5);
    const unit = heights[0]! / 10;
    expect(heights.map((height) => Math.round(height / unit))).toEqual([10, 40, 20, 5, 0]);
    expect(textsOf(root)).toEqual(
      expect.arrayContaining(['course', 'ours', 'a', 'b', 'c', '40', '5']),
    );
  });

  it('hangs negative bars below 0', () => {
    const root = parseSvg(barChart(['up', 'down'], [{ name: '', values: [2, -2] }]));
    const [up, down] = barsOf(root);
    expect(numberOf(down!, 'y')).toBeCloseTo(numberOf(up!, 'y') + numberOf(up!, 'height'), 1);
    expect(numberOf(down!, 'y')).toBeCloseTo(tickPlace(root, '0', 'y'), 1);
  });

  it('cuts bars at a given domain, but not the names below them', () => {
    const series = [{ name: '', values: [50, 90] }];
    const root = parseSvg(barChart(['low', 'high'], series, { yAxis: { domain: [60, 100] } }));
    const [window] = findAll(root, 'svg').slice(1);
    expect(textsOf(window!)).not.toContain('low');
    expect(textsOf(root)).toEqual(expect.arrayContaining(['low', 'high']));
  });

  it('refuses nothing to draw and unequal lengths', () => {
    expect(() => barChart([], [])).toThrow('at least one group');
    expect(() => barChart(['a'], [])).toThrow('at least one series');
    expect(() => barChart(['a'], [{ name: 's', values: [1, 2] }])).toThrow("values of 's'");
  });
});

describe('histogram', () => {
  const heightsOf = (root: XmlElement) =>
    findAll(root, 'rect')
      .slice(1)
      .map((bar) => numberOf(bar, 'height'));

  it('counts every finite value once, in bins with round edges', () => {
    const values = [0, 0.1, 0.2, 1.1, 1.9, 2.5, 3.99, 4, Number.NaN, Infinity];
    const root = parseSvg(histogram(values, { bins: 4 }));
    const heights = heightsOf(root);
    const unit = (tickPlace(root, '0', 'y') - tickPlace(root, '3', 'y')) / 3;
    expect(heights.map((height) => Math.round(height / unit))).toEqual([3, 2, 1, 2]);
  });

  it('leaves out what lies outside of a given domain', () => {
    const root = parseSvg(histogram([1, 2, 3, 100], { bins: 2, xAxis: { domain: [0, 4] } }));
    const unit = (tickPlace(root, '0', 'y') - tickPlace(root, '2', 'y')) / 2;
    expect(heightsOf(root).map((height) => Math.round(height / unit))).toEqual([1, 2]);
  });

  it('draws equal values as one bin', () => {
    const heights = heightsOf(parseSvg(histogram([5, 5, 5])));
    expect(heights.filter((height) => height > 0)).toHaveLength(1);
  });

  it('refuses values that are all missing, and bins without number', () => {
    expect(() => histogram([])).toThrow('at least one finite value');
    expect(() => histogram([Number.NaN])).toThrow('at least one finite value');
    expect(() => histogram([1], { bins: 0 })).toThrow('got 0');
    expect(() => histogram([1], { xAxis: { domain: [0, Infinity] } })).toThrow('got [0,Infinity]');
  });
});
