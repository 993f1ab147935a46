import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../src/errors.js';
import { confusionMatrix } from '../../src/metrics/index.js';
import {
  barChart,
  confusionMatrixChart,
  heatMap,
  histogram,
  imageGrid,
  lineChart,
  type Svg,
  scatterChart,
} from '../../src/plot/index.js';
import { buildReport, type ReportBlock } from '../../src/report/index.js';
import { dataUrl, escapeHtml } from '../../src/report/markup.js';

const page = (...blocks: ReportBlock[]) =>
  buildReport({ title: 'Title', sections: [{ title: 'Results', blocks }] });

/** The texts of a table's cells, row by row. */
function cellsOf(html: string): string[][] {
  return [...html.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row]) =>
    [...row!.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell]) =>
      cell!
        .replace(/<[^>]+>/g, '|')
        .replace(/\|+/g, '|')
        .replace(/^\||\|$/g, ''),
    ),
  );
}

describe('the page', () => {
  test('is whole by itself: no script, nothing to load', () => {
    const html = page(
      {
        kind: 'figures',
        figures: [{ picture: histogram([1, 2]) }],
      },
      { kind: 'text', text: 'See https://example.org/ for more.' },
    );
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html).not.toMatch(/<script|<link|<iframe|@import/);
    expect(html).not.toMatch(/(?:src|href)="(?!#|data:)/);
    expect(html).toContain(`content="default-src 'none';`);
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('@media print');
  });

  test('no text is taken for HTML, wherever it stands', () => {
    const evil = `<img src=x onerror="alert('1')">&amp;`;
    const html = buildReport({
      title: evil,
      subtitle: evil,
      footer: evil,
      language: '"><b>',
      summary: [{ label: evil, value: evil, note: evil }],
      sections: [
        {
          title: evil,
          blocks: [
            { kind: 'text', text: evil },
            { kind: 'facts', facts: [[evil, evil]] },
            { kind: 'table', caption: evil, columns: [evil], rows: [[evil]] },
            {
              kind: 'comparison',
              caption: evil,
              other: evil,
              measures: [{ name: evil, unit: evil, better: 'lower' }],
              rows: [{ name: evil, note: evil, values: [{ ours: 1, other: 2 }] }],
            },
            {
              kind: 'figures',
              figures: [
                {
                  caption: evil,
                  description: evil,
                  picture: { type: 'image/png', bytes: new Uint8Array(3) },
                },
              ],
            },
          ],
        },
      ],
    });
    expect(html).not.toContain('<img src=x');
    expect(html).not.toContain('<b>');
    expect(
      html.match(/&#60;img src=x onerror=&#34;alert\(&#39;1&#39;\)&#34;&#62;&#38;amp;/g)!.length,
    ).toBeGreaterThan(15);
  });

  test('three sections and more get a list of contents that leads to each', () => {
    const titles = ['Figures', 'Über alles', 'Figures'];
    const html = buildReport({
      title: 'T',
      sections: titles.map((title) => ({ title, blocks: [] })),
    });
    const links = [...html.matchAll(/<a href="#([^"]+)">/g)].map(([, id]) => id!);
    expect(new Set(links).size).toBe(3);
    for (const id of links) expect(html).toContain(`<h2 id="${id}">`);
  });
});

describe('a comparison', () => {
  const comparison = (
    ours: number | undefined,
    other: number | undefined,
    better: 'lower' | 'higher',
  ) =>
    page({
      kind: 'comparison',
      measures: [{ name: 'Error', unit: 'min', better, digits: 1 }],
      rows: [
        {
          name: 'Two heads',
          values: [{ ...(ours !== undefined && { ours }), ...(other !== undefined && { other }) }],
        },
      ],
    });

  test.each([
    [3.9, 11.7, 'lower', true],
    [11.7, 3.9, 'lower', false],
    [3.9, 11.7, 'higher', false],
    [11.7, 3.9, 'higher', true],
    // Equal as shown: no better.
    [3.84, 3.8, 'lower', false],
    [3.8, 3.84, 'lower', false],
    [undefined, 3.8, 'lower', false],
    [3.8, undefined, 'lower', false],
    [Number.NaN, 3.8, 'lower', false],
  ] as const)('%s against %s, %s is better: mark %s', (ours, other, better, marked) => {
    expect(comparison(ours, other, better).includes('>better</span>')).toBe(marked);
  });

  test('has two columns a measure, the unit in its heading, spreads, and gaps in words', () => {
    const html = page({
      kind: 'comparison',
      measures: [
        { name: 'Train', unit: 'min', better: 'lower' },
        { name: 'Accuracy', unit: '%', better: 'higher', digits: 0 },
      ],
      rows: [
        {
          name: 'Two heads',
          note: 'the course net',
          values: [
            { ours: 4.5, spread: 0.126, other: 4.91 },
            { ours: 91, other: 93 },
          ],
        },
        { name: 'Reader', values: [{ ours: -1.5 }, {}] },
      ],
    });
    expect(cellsOf(html)).toEqual([
      ['Experiment', 'Train, min', 'Accuracy, %'],
      ['Ours', 'Verdict', 'Course', 'Ours', 'Verdict', 'Course'],
      ['Two heads|the course net', '4.50 |± 0.13', '✓ |better', '4.91', '91', '', '93'],
      ['Reader', '−1.50', '', '–|not measured', '–|not measured', '', '–|not measured'],
    ]);
  });

  test('refuses a row that does not fit', () => {
    const block = {
      kind: 'comparison',
      measures: [],
      rows: [{ name: 'a', values: [{}] }],
    } as const;
    expect(() => page(block)).toThrow(InvalidArgumentError);
    expect(() => page({ kind: 'table', columns: ['a'], rows: [[1, 2]] })).toThrow(
      "Expected 1 cells in a table's row, one for each column, got 2.",
    );
  });
});

test('a table aligns columns of numbers right, and names its rows', () => {
  const html = page({
    kind: 'table',
    columns: ['Preset', 'Images', 'Share'],
    rows: [
      ['quick', 40_000, '94.6 %'],
      ['course', 18_000, '90 %'],
    ],
  });
  expect(html).toContain(
    '<th scope="row">quick</th><td class="number">40000</td><td class="number">94.6 %</td>',
  );
  expect(html).toContain('<th scope="col">Preset</th><th scope="col" class="number">Images</th>');
});

describe('figures', () => {
  const hostile = '</title><script>alert(1)</script> "onload="x <xmp> & \u0000 ]]>';

  test('are the charts as they are drawn, whatever their texts say', () => {
    const charts = [
      lineChart([{ name: hostile, y: [1, 2, 3] }], {
        title: hostile,
        subtitle: hostile,
        xAxis: { title: hostile, domain: [0, 2] },
        references: [{ y: 2, label: hostile }],
      }),
      barChart([hostile], [{ name: hostile, values: [1] }], { title: hostile }),
      scatterChart({ x: [1], y: [2] }, { title: hostile, categoryNames: [hostile] }),
      histogram([1, 2, 3], { title: hostile }),
      heatMap([[1, 2]], { rowLabels: [hostile], columnLabels: [hostile, hostile] }),
      heatMap([Array.from({ length: 200 }, (_, index) => index)], { title: hostile }),
      imageGrid([{ width: 1, height: 1, channels: 1, data: new Uint8Array(1) }], {
        title: hostile,
        captions: [hostile],
      }),
      confusionMatrixChart(confusionMatrix([0, 1], [0, 0], [hostile, 'b'])),
    ];
    for (const picture of charts) {
      const html = page({ kind: 'figures', figures: [{ picture }] });
      expect(html).toContain(picture);
      expect(picture.match(/<(script|xmp)|"onload/)).toBeNull();
    }
  });

  const square = '<rect x="1" y="1" width="2" height="2"/>';
  test.each([
    ['a script', '<svg><script>alert(1)</script></svg>'],
    ['a handler', '<svg onload="alert(1)"></svg>'],
    ['a handler of an element', '<svg><rect onclick="alert(1)"/></svg>'],
    ['a handler after a slash', '<svg/onload=alert(1)></svg>'],
    ['a handler after a quoted attribute', '<svg role="b"onload=alert(1)></svg>'],
    ['a form in raw text in a title', '<svg><title><xmp><form action="//e"/></xmp></title></svg>'],
    ['raw text in a title', '<svg><title><xmp></title><rect onclick="x"/></xmp></svg>'],
    ['HTML inside', '<svg><foreignObject><p/></foreignObject></svg>'],
    ['a style sheet', '<svg><style>@import "x"</style></svg>'],
    ['a style', '<svg style="background:url(//e)"></svg>'],
    ['a link', '<svg><a xlink:href="javascript:alert(1)"/></svg>'],
    ['a picture from elsewhere', '<svg><image href="https://example.org/a.png"/></svg>'],
    ['a drawing in a picture', '<svg><image href="data:image/svg+xml;base64,PHN2Zy8+"/></svg>'],
    ['a bare address', '<svg><image href=https://example.org/a.png /></svg>'],
    ['a fill from elsewhere', '<svg><rect fill="url(https://example.org/#a)"/></svg>'],
    ['an animation', '<svg><set attributeName="href" to="javascript:alert(1)"/></svg>'],
    ['another namespace', '<svg xmlns="http://www.w3.org/1999/xhtml"></svg>'],
    ['an element cut short', `<svg><rect x="1${square}</svg>`],
    ['a comment', `<svg><!-- --><rect/></svg>`],
    ['CDATA', '<svg><title><![CDATA[<b>]]></title></svg>'],
    ['tags that cross', '<svg><g><title></g></title></svg>'],
    ['something after it', '<svg></svg><b>hello</b></svg>'],
    ['text after it', '<svg></svg>text'],
    ['two of them', '<svg></svg><svg></svg>'],
    ['something before it', '<b/><svg></svg>'],
    ['an element alone', square],
    ['no end', '<svg><g>'],
    ['a picture file', 'PNG'],
    ['nothing', ''],
  ])('refuse %s', (_, svg) => {
    expect(() => page({ kind: 'figures', figures: [{ picture: svg as Svg }] })).toThrow(
      "Expected a figure's picture to be a chart of @nn-lab/core/plot or the bytes of a picture",
    );
  });

  test('refuse bytes of another type', () => {
    const type = 'image/svg+xml" onload="alert(1)' as 'image/png';
    const picture = { type, bytes: new Uint8Array(1) };
    expect(() => page({ kind: 'figures', figures: [{ picture }] })).toThrow(
      "Expected a picture's `type` to be image/png, image/jpeg, image/webp, got",
    );
  });

  test('pictures of bytes come whole, with their description', () => {
    const html = page({
      kind: 'figures',
      figures: [
        {
          picture: {
            type: 'image/png',
            bytes: new Uint8Array([137, 80, 78]),
            pixelated: true,
            width: 299.6,
          },
          caption: 'Ten means',
          description: 'Grid',
        },
      ],
    });
    expect(html).toContain(
      '<img src="data:image/png;base64,iVBO" alt="Grid" width="300" class="pixelated">',
    );
    expect(html).toContain('<figcaption>Ten means</figcaption>');
  });
});

test('base64 is that of every other program', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40_000 }), (bytes) => {
      expect(dataUrl('image/png', bytes)).toBe(
        `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`,
      );
    }),
    { numRuns: 30 },
  );
});

test('escaping leaves nothing that HTML could read as its own', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!#\d+;)/);
    }),
  );
  expect(escapeHtml('a\u0000b\ud800c')).toBe('a\ufffdb\ufffdc');
});
