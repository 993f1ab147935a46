import { defineCommand, integerOption, seedOption, textOption, UsageError } from '@nn-lab/core/cli';
import { encodePng } from '@nn-lab/core/datasets';
import { inRunFolder, outputFolderOptions } from '@nn-lab/core/experiment';
import { formatQuantity } from '@nn-lab/core/format';
import { createRandom } from '@nn-lab/core/random';
import {
  ClockRenderer,
  ClockSequence,
  clockParameterSampler,
  clockTruthSize,
} from '../renderer/index.js';
import { type ClockTime, formatClockTime, timeOfMinute } from '../time.js';

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
    ...outputFolderOptions('clocks'),
  ],
  examples: [{ args: 'render --count 9 --out clocks', does: 'draw nine clocks' }],
  async run({ options, program, progress, signal, result }) {
    const { count, size, seed } = options;
    const time = options.time === undefined ? undefined : parseTime(options.time);
    const draw = time ? drawerOfTime(time, seed, size) : drawerOfAnyTime(seed, size);
    const { project } = program;
    const names = [...Array.from({ length: count }, (_, n) => `${n}.png`), 'labels.csv'];
    await inRunFolder(options.out, { ...options, project, files: names }, async (folder) => {
      const data = new Uint8Array(size * size);
      const shown = progress('Rendering', count, { unit: 'picture' });
      const files: { file: string; hour: number; minute: number }[] = [];
      await folder.claim(names);
      for (let n = 0; n < count; n++) {
        signal.throwIfAborted();
        const { hour, minute } = draw(n, data);
        const file = `${n}.png`;
        await folder.write(file, encodePng({ width: size, height: size, channels: 1, data }));
        files.push({ file, hour, minute });
        shown.advance();
      }
      shown.stop();
      // Last, so that labels are only there for pictures that are all there.
      const rows = files.map(({ file, hour, minute }) => `${file},${hour},${minute}\n`);
      await folder.write('labels.csv', `file,hour,minute\n${rows.join('')}`);
      const times = files.slice(0, 9).map(formatClockTime).join(' ');
      result(
        { out: folder.path, files },
        `${formatQuantity(count, 'picture')} in ${folder.path}: ${times}${count > 9 ? ' ...' : ''}`,
      );
    });
  },
});

/** Draws picture `n` into `data` and tells the time that it shows. */
type Drawer = (n: number, data: Uint8Array) => ClockTime;

function drawerOfAnyTime(seed: number, size: number): Drawer {
  const sequence = new ClockSequence(createRandom(seed).fork('render'), { size });
  return (n, data) => timeOfMinute(sequence.draw(n, data, 0));
}

function drawerOfTime(time: ClockTime, seed: number, size: number): Drawer {
  const random = createRandom(seed).fork('render');
  const renderer = new ClockRenderer(size);
  const sample = clockParameterSampler({});
  const truth = new Float64Array(clockTruthSize);
  return (n, data) => {
    renderer.render(time.hour, time.minute, sample(random.fork(n)), data, 0, truth, 0);
    return time;
  };
}

function parseTime(text: string): ClockTime {
  const match = /^(\d{1,2}):([0-5]\d)$/.exec(text);
  const hour = Number(match?.[1]);
  if (!match || hour > 23) {
    throw new UsageError(`--time expects a time from 0:00 to 23:59 such as 10:08, got '${text}'.`);
  }
  return { hour: hour % 12, minute: Number(match[2]) };
}
