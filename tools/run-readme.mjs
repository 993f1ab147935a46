// Runs the examples in TypeScript and JavaScript of a package's README, each as it is printed, in the
// current folder, and writes what each has printed as a JSON list. Code may be appended to examples,
// to look at what they have come to:
// node tools/run-readme.mjs packages/clock 'console.log(text)' ['appended to the second' ...]
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const [folder, ...appended] = process.argv.slice(2);
const readme = await readFile(join(folder, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/^```(?:ts|js)\n([\s\S]*?)^```/gm)].map(([, code]) => code);
// No settings of the caller's: an example must run for whoever copies it.
const { FORCE_COLOR: _, NN_LAB_DATA: __, NODE_OPTIONS: ___, ...env } = process.env;
const printed = [];
for (const [index, example] of examples.entries()) {
  // In the built package, where it finds the package by its name.
  const script = resolve(folder, 'dist', `readme-example-${process.pid}-${index}.mjs`);
  try {
    await writeFile(script, `${example}\n${appended[index] ?? ''}\n`);
    const { stdout } = await promisify(execFile)(process.execPath, [script], { env });
    printed.push(stdout);
  } finally {
    await rm(script, { force: true });
  }
}
process.stdout.write(JSON.stringify(printed));
