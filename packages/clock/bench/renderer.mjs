// Pictures a second on one core. Run after a build: node bench/renderer.mjs [--json] [renderer.js]
import { createRandom } from '@nn-lab/core/random';

const rounds = 24;
const picturesPerRound = 250;

const entry = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
const { renderClocks } = await import(entry ?? '../dist/index.js');
const results = [];
for (const size of [150, 96]) {
  const random = createRandom(42).fork('bench');
  await renderClocks(1000, random, { size }); // warm up: compile, and make the textures
  const rates = [];
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    await renderClocks(picturesPerRound, random, { size, start: picturesPerRound * round });
    rates.push((1000 * picturesPerRound) / (performance.now() - before));
  }
  rates.sort((a, b) => a - b);
  results.push({
    size,
    picturesPerSecond: Math.round(rates[rounds / 2]),
    fastestRound: Math.round(rates.at(-1)),
    slowestRound: Math.round(rates[0]),
  });
}
if (process.argv.includes('--json')) {
  console.log(JSON.stringify(results));
} else {
  for (const { size, picturesPerSecond, fastestRound, slowestRound } of results) {
    console.log(
      `${size}x${size}: ${picturesPerSecond} pictures/s on one core (median of ${rounds} rounds, which range from ${slowestRound} to ${fastestRound})`,
    );
  }
}
