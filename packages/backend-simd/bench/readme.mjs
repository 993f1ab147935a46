// Writes the table of bench.metrics.json into README.md, where no figure is copied by hand:
// node bench/readme.mjs
import { readFile, writeFile } from 'node:fs/promises';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { speedSection } from './table.mjs';

/** Where the committed figures lie. */
export const metricsPath = fileURLToPath(new URL('../bench.metrics.json', import.meta.url));
const readmePath = fileURLToPath(new URL('../README.md', import.meta.url));
const section = /(?<=<!-- speed -->\n)[\s\S]*(?=<!-- \/speed -->)/;

/** Puts the figures between the marks `<!-- speed -->` and `<!-- /speed -->` of the README. */
export async function updateReadme(metrics) {
  const text = await readFile(readmePath, 'utf8');
  if (!section.test(text)) throw new Error('README.md lacks <!-- speed --> ... <!-- /speed -->.');
  await writeFile(
    readmePath,
    text.replace(section, () => speedSection(metrics)),
  );
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  await updateReadme(JSON.parse(await readFile(metricsPath, 'utf8')));
}
