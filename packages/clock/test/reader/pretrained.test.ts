import { useBackend } from '@nn-lab/core/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluateReader } from '../../src/evaluate.js';
import { buildReaderNetwork, ClockReader, loadPretrainedReader } from '../../src/reader/index.js';
import { renderClock } from '../../src/renderer/index.js';
import { renderTimedPictures } from '../../src/timed-pictures.js';

beforeAll(() => useBackend({ backend: 'simd' }));

describe('reading clocks never seen', async () => {
  const test = await renderTimedPictures(150, { seed: 2024, stream: 'quality' });

  it('is guessing before training', async () => {
    const reader = new ClockReader(buildReaderNetwork());
    const { summary } = await evaluateReader(reader, test, { intervals: false });
    expect(summary.mean).toBeGreaterThan(60);
    reader.dispose();
  });

  it('is right to the minute after it, nearly always', async () => {
    const reader = await loadPretrainedReader();
    const { summary } = await evaluateReader(reader, test, { intervals: false });
    expect(summary.within.find(({ threshold }) => threshold === 1)!.share).toBeGreaterThan(0.96);
    reader.dispose();
  });

  it('reads one picture of any size', async () => {
    const reader = await loadPretrainedReader();
    for (const size of [120, 150, 400]) {
      const picture = renderClock({ hour: 10, minute: 8 }, { rotation: 25 }, { size });
      expect((await reader.read(picture)).text).toBe('10:08');
    }
    reader.dispose();
  });
});
