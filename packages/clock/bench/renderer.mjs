// Pictures a second on one core. Run after a build: node bench/renderer.mjs [--json] [renderer.js]
import { createRandom } from '@nn-lab/core/random';

const entry = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
const { renderClocks } = await import(entry ?? '../dist/index.js');
const results = [];
for (const size of [150, 96]) {
  const random = createRandom(42).fork('bench');
  renderClocks(300, random, { size }); // warm up: compile, and make the textures
  const rates = [];
  for (let round = 0; round < 5; round++) {
    const count = 1500;
    const before = performance.now();
    renderClocks(count, random, { size, start: 1000 * round });
    rates.push((1000 * count) / (performance.now() - before));
  }
  rates.sort((a, b) => a - b);
  results.push({ size, picturesPerSecond: Math.round(rates[2]), slowest: Math.round(rates[0]) });
}
if (process.argv.includes('--json')) console.log(JSON.stringify(results));
else
  for (const { size, picturesPerSecond, slowest } of results)
    console.log(
      `${size}x${size}: ${picturesPerSecond} pictures/s on one core (slowest of five rounds ${slowest})`,
    );
