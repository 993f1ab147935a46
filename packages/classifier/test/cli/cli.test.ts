import { execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodePng, loadEmbeddedDigits, parseNumberCsv } from '@nn-lab/core/datasets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { matrixOf, NearestMeanClassifier } from '../../src/index.js';
import { trainedText } from '../../src/node/trained-classifier.js';

const program = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nn-classifier-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command on the digits that come along. */
function nnClassifier(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: undefined, NN_LAB_DATA: undefined },
      cwd: folder,
      timeout: 170_000,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => {
      stdout += text;
    });
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('nn-classifier', () => {
  it('trains, evaluates and classifies', async () => {
    const out = join(folder, 'svm');
    const trained = await nnClassifier(
      'train',
      '--kind=svm',
      '--count=600',
      `--out=${out}`,
      '--json',
    );
    expect(trained.stderr).toMatch(/Training svm on 600 rows of digits16/);
    expect(trained.code).toBe(0);
    const { test } = JSON.parse(trained.stdout);
    expect(test.total).toBe(1000);
    expect(test.correct).toBeGreaterThan(850);

    const evaluated = await nnClassifier('evaluate', `--model=${out}`, '--json');
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ correct: test.correct, total: 1000 });

    const digits = await loadEmbeddedDigits();
    const file = join(folder, 'digit.png');
    const grey = Uint8Array.from(
      digits.train.images.subarray(0, 256),
      (value) => 127.5 * (value + 1),
    );
    await writeFile(file, encodePng({ width: 16, height: 16, channels: 1, data: grey }));
    const dark = join(folder, 'dark.png');
    const inverted = grey.map((value) => 255 - value);
    await writeFile(dark, encodePng({ width: 16, height: 16, channels: 1, data: inverted }));
    const label = digits.train.labels[0];
    const seen = await nnClassifier('classify', file, `--model=${out}`, '--json');
    expect(JSON.parse(seen.stdout).predictions).toEqual([{ file, label, name: `${label}` }]);
    const seenDark = await nnClassifier('classify', dark, '--invert', `--model=${out}`, '--json');
    expect(JSON.parse(seenDark.stdout).predictions[0].label).toBe(label);
    const table = join(folder, 'rows.csv');
    await writeFile(
      table,
      `${Array.from(digits.train.images.subarray(0, 512))
        .join(',')
        .replace(/((?:[^,]*,){255}[^,]*),/, '$1\n')}\n`,
    );
    const rows = await nnClassifier('classify', table, `--model=${out}`, '--json');
    expect(JSON.parse(rows.stdout).predictions).toHaveLength(2);
  }, 170_000);

  it('draws maps of data sets and of tables', async () => {
    const out = join(folder, 'map');
    const mapped = await nnClassifier(
      'map',
      '--method=pca',
      '--count=200',
      `--out=${out}`,
      '--json',
    );
    expect(mapped.code).toBe(0);
    const { quality } = JSON.parse(mapped.stdout);
    expect(quality.trustworthiness).toBeGreaterThan(0.7);
    const [header, ...lines] = (await readFile(join(out, 'map.csv'), 'utf8')).trim().split('\n');
    expect(header).toBe('x,y,label');
    expect(lines).toHaveLength(200);
    expect((await readdir(join(out, 'plots'))).toSorted()).toEqual(['map.png', 'map.svg']);
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('How to read it');

    const table = join(folder, 'points.csv');
    const points = Array.from({ length: 30 }, (_, i) => `${i % 2 ? 9 : 0},${i},${(i * 7) % 5}`);
    await writeFile(table, points.join('\n'));
    const classes = join(folder, 'classes.csv');
    await writeFile(classes, points.map((_, i) => i % 2).join('\n'));
    for (const method of ['tsne', 'umap']) {
      const ended = await nnClassifier(
        ...['map', table, `--labels=${classes}`, `--method=${method}`, '--perplexity=5'],
        ...['--neighbors=5', `--out=${join(folder, method)}`, '--json'],
      );
      expect(ended.stderr).toMatch(/30 rows of 3 values/);
      expect(JSON.parse(ended.stdout)).toMatchObject({ method, rows: 30, columns: 3 });
    }
  }, 170_000);

  it('draws maps by another metric, without reducing rows by PCA first', async () => {
    // Two directions, in each of which rows lie at all distances from 0.
    const table = join(folder, 'directions.csv');
    const rows = Array.from({ length: 40 }, (_, i) => {
      const size = 1 + i * i;
      return i % 2 ? `${size},${0.01 * i},one` : `${0.01 * i},${size},other`;
    });
    await writeFile(table, rows.join('\n'));
    const out = join(folder, 'directions');
    const ended = await nnClassifier(
      ...['map', table, '--method=umap', '--metric=cosine', '--neighbors=10', `--out=${out}`],
    );
    expect(ended.code).toBe(0);
    const { values, labels } = await parseNumberCsv(await readFile(join(out, 'map.csv')));
    // Each row's nearest on the map has its direction.
    for (let row = 0; row < 40; row++) {
      const distance = (other: number) =>
        other === row
          ? Number.POSITIVE_INFINITY
          : Math.hypot(
              values[2 * row]! - values[2 * other]!,
              values[2 * row + 1]! - values[2 * other + 1]!,
            );
      const nearest = rows.map((_, at) => at).sort((a, b) => distance(a) - distance(b))[0]!;
      expect(labels!.classes[nearest]).toBe(labels!.classes[row]);
    }
    const refused = await nnClassifier('map', table, '--method=pca', '--metric=cosine');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--metric cosine')]);
  }, 120_000);

  it('takes tables as people have them, and says what it took for what', async () => {
    const table = join(folder, 'people.csv');
    const rows = Array.from(
      { length: 30 },
      (_, i) => `${i},5;${(i * 7) % 5},25;${i % 2 ? '"odd; 1"' : 'even'}`,
    );
    await writeFile(table, `\ufefflength;width;kind\r\n${rows.join('\n')}\r`);
    const out = join(folder, 'people');
    const ended = await nnClassifier('map', table, '--method=pca', `--out=${out}`, '--json');
    expect(ended.stderr).toContain(
      'people.csv: Took semicolons as the delimiter, the first line as column names, the column `kind` as labels (2 classes) and commas as decimal marks.',
    );
    expect(JSON.parse(ended.stdout)).toMatchObject({ rows: 30, columns: 2 });
    const map = await parseNumberCsv(await readFile(join(out, 'map.csv')));
    expect(map.labels!.classNames).toEqual(['even', 'odd; 1']);
    expect(await readFile(join(out, 'plots', 'map.svg'), 'utf8')).toContain('even');

    const kinds = join(folder, 'kinds.csv');
    await writeFile(kinds, `what\n${rows.map((_, i) => (i % 3 ? 'some' : 'third')).join('\r')}`);
    const labelled = await nnClassifier(
      ...['map', table, `--labels=${kinds}`, '--method=pca', `--out=${join(folder, 'labelled')}`],
    );
    expect(labelled.stderr).toContain(
      'kinds.csv: Took the first line as the name of the labels, `what`.',
    );
    expect(labelled.stderr).toContain('kinds.csv: Took these labels instead.');
    expect(labelled.code).toBe(0);
  }, 120_000);

  it('says in one line what is wrong', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const hexadecimal = join(folder, 'hexadecimal.csv');
    await writeFile(hexadecimal, '1,2\n0x10,3\n');
    const gap = join(folder, 'gap.csv');
    await writeFile(gap, 'a,b\n1,2\n3,\n');
    const empty = join(folder, 'empty.csv');
    await writeFile(empty, '');
    const uneven = join(folder, 'uneven.csv');
    await writeFile(uneven, '1,2\n3\n');
    const few = join(folder, 'few.csv');
    await writeFile(few, '1,2\n3,4\n5,6\n7,9\n');
    const foreign = join(folder, 'foreign.json');
    await writeFile(foreign, '{"a": 1}');
    await mkdir(join(folder, 'nothing'));
    const huge = join(folder, 'huge.json');
    const x = matrixOf([[0], [1]]);
    const means = await new NearestMeanClassifier().fit(x, [0, 1]);
    const images = {
      x,
      labels: Int32Array.of(0, 1),
      classNames: ['a', 'b'],
      range: [0, 1],
    } as const;
    await writeFile(huge, trainedText(means, { ...images, shape: [1e6, 1e6, 3] }));
    const cases: [string[], number, RegExp][] = [
      [['map', empty], 1, /empty\.csv/],
      [['map', pipe], 1, /pipe, but it cannot be read: it is a pipe/],
      [['map', '/dev/zero'], 1, /it is a device/],
      [['map', few, `--labels=${pipe}`], 1, /it is a pipe/],
      [['map', few, `--labels=${uneven}`], 1, /uneven\.csv/],
      [['map', few, `--labels=${gap}`], 1, /Expected one class a line, got 2 columns/],
      [['map', `--labels=${few}`], 2, /gives the classes of a CSV file, but none is named/],
      [['evaluate', `--model=${pipe}`], 1, /it is a pipe/],
      [['map', hexadecimal], 1, /line 2, column 1: Expected a number, got "0x10"/],
      [['map', gap], 1, /line 3, column 2 \(b\): Expected a number, got an empty field/],
      [['map', uneven], 1, /uneven\.csv/],
      [['map', few], 1, /perplexity of at most 3 for 4 rows, got 30/],
      [['map', '--method=pcs'], 2, /did you mean pca/],
      [
        ['evaluate', `--model=${join(folder, 'nothing')}`],
        1,
        /nothing.*there is no trained classifier/,
      ],
      [['evaluate', `--model=${foreign}`], 1, /foreign\.json: expected a model that this package/],
      [['evaluate', `--model=${huge}`], 1, /damaged: expected a shape of 1 values/],
      [['train', '--k=0'], 2, /--k/],
      [['train', '--count=2'], 1, /at least/],
    ];
    for (const [args, code, message] of cases) {
      const ended = await nnClassifier(
        ...args,
        ...(args[0] === 'evaluate' ? [] : [`--out=${join(folder, 'bad')}`]),
      );
      expect({ args, code: ended.code, stderr: ended.stderr }).toMatchObject({ args, code });
      expect(ended.stderr).toMatch(message);
      expect(ended.stderr).not.toMatch(/^\s+at /m);
      expect(ended.stdout).toBe('');
    }
  }, 170_000);
});
