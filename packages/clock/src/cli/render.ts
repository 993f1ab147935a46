import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  defineCommand,
  integerOption,
  pathOption,
  seedOption,
  textOption,
  UsageError,
} from '@nn-lab/core/cli';
import { encodePng } from '@nn-lab/core/datasets';
import { writeFileAtomic } from '@nn-lab/core/node';
import { createRandom } from '@nn-lab/core/random';
import { renderTimedPictures } from '../evaluate.js';
import { renderClock, sampleClockParameters } from '../renderer/index.js';
import { type ClockTime, formatClockTime } from '../time.js';

export const renderCommand = defineCommand({
  name: 'render',
  summary: 'draw clocks as PNG pictures, with their times in labels.csv',
  options: [
    integerOption('count', 'pictures', { default: 1, minimum: 1, maximum: 100_000 }),
    textOption('time', 'the time that all of them show, such as 10:08 (default: any)', {
      placeholder: 'H:MM',
    }),
    integerOption('size', 'side of the pictures in pixels', {
      default: 150,
      minimum: 16,
      maximum: 4096,
    }),
    seedOption,
    pathOption('out', 'folder for the pictures', { placeholder: 'DIR', default: 'clocks' }),
  ],
  examples: [{ args: 'render --count 9 --out clocks', does: 'draw nine clocks' }],
  async run({ options, progress, result }) {
    const { count, size, seed, out } = options;
    const time = options.time === undefined ? undefined : parseTime(options.time);
    await mkdir(out, { recursive: true });
    const shown = progress('Rendering', count, { unit: 'pictures' });
    const files: { file: string; hour: number; minute: number }[] = [];
    for (let n = 0; n < count; n++) {
      const { picture, shows } = renderOne(n, seed, size, time);
      const file = `${n}.png`;
      await writeFileAtomic(join(out, file), encodePng(picture));
      files.push({ file, hour: shows.hour, minute: shows.minute });
      shown.advance();
    }
    shown.stop();
    const rows = files.map(({ file, hour, minute }) => `${file},${hour},${minute}\n`);
    await writeFileAtomic(join(out, 'labels.csv'), `file,hour,minute\n${rows.join('')}`);
    const times = files.slice(0, 9).map(formatClockTime).join(' ');
    result({ out, files }, `${count} pictures in ${out}: ${times}${count > 9 ? ' ...' : ''}`);
  },
});

function renderOne(n: number, seed: number, size: number, time: ClockTime | undefined) {
  if (time) {
    const parameters = sampleClockParameters(createRandom(seed).fork('render').fork(n));
    return { picture: renderClock(time, parameters, { size }), shows: time };
  }
  const { pictures, times } = renderTimedPictures(1, { seed, stream: 'render', start: n, size });
  return { picture: pictures[0]!, shows: times[0]! };
}

function parseTime(text: string): ClockTime {
  const match = /^(\d{1,2}):([0-5]\d)$/.exec(text);
  const hour = Number(match?.[1]);
  if (!match || hour > 23) {
    throw new UsageError(`--time expects a time from 0:00 to 23:59 such as 10:08, got '${text}'.`);
  }
  return { hour: hour % 12, minute: Number(match[2]) };
}
