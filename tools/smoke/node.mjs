import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Imports every entry, requires one, and runs each bin. */
export async function checkInNode(setting) {
  const { consumer, packages, node = process.execPath, check, skip, run } = setting;
  for (const { folder, manifest } of packages) {
    for (const entry of entriesOf(manifest, ['node', 'import', 'default'])) {
      await check(`import ${entry} in Node`, async () => {
        const script = `const m = await import(${JSON.stringify(entry)}); process.stdout.write(JSON.stringify(Object.keys(m)));`;
        const { stdout } = await run(node, ['--input-type=module', '-e', script], {
          cwd: consumer,
          timeout: 60_000,
        });
        const names = onlyJson(stdout, 'A package must not print when it is imported.');
        if (names.length === 0) throw new Error('The entry exports nothing.');
        if (names.includes('default')) throw new Error('The entry has a default export.');
        return `${names.length} exports`;
      });
    }
    await checkRequire(folder, manifest, { consumer, node, check, skip, run });
    for (const [bin] of Object.entries(manifest.bin ?? {})) {
      await checkBin(bin, manifest, { consumer, check, run });
    }
  }
}

async function checkRequire(folder, manifest, { consumer, node, check, skip, run }) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const name = `require ${manifest.name} from CommonJS`;
  if (major < 20 || (major === 20 && minor < 19)) {
    skip(name, 'Node 20.19 or later can require an ES module');
    return;
  }
  await check(name, async () => {
    const file = join(consumer, `require-${folder}.cjs`);
    const entry = JSON.stringify(manifest.name);
    await writeFile(
      file,
      `const m = require(${entry}); process.stdout.write(JSON.stringify(Object.keys(m)));\n`,
    );
    const { stdout } = await run(node, [file], { cwd: consumer, timeout: 60_000 });
    if (onlyJson(stdout, '').length === 0) throw new Error('The entry exports nothing.');
  });
}

async function checkBin(bin, manifest, { consumer, check, run }) {
  const path = join(consumer, 'node_modules/.bin', bin);
  const call = (...args) => run(path, args, { cwd: consumer, timeout: 60_000 });
  await check(`${bin} --version`, async () => {
    const { stdout } = await call('--version');
    if (stdout !== `${manifest.version}\n`) {
      throw new Error(
        `Expected ${manifest.version} and a line feed, got ${JSON.stringify(stdout)}.`,
      );
    }
  });
  await check(`${bin} --help`, async () => {
    const { stdout, stderr } = await call('--help');
    if (!stdout.startsWith(`Usage: ${bin} `)) throw new Error(`Expected the usage, got ${stdout}`);
    if (stderr !== '') throw new Error(`Expected nothing on stderr, got ${stderr}`);
    for (const command of commandsIn(stdout)) {
      const help = await call(command, '--help');
      if (!help.stdout.startsWith(`Usage: ${bin} ${command} `)) {
        throw new Error(`Expected the usage of ${command}, got ${help.stdout}`);
      }
    }
    return `commands: ${commandsIn(stdout).join(', ')}`;
  });
  await check(`${bin} refuses an unknown command`, async () => {
    const outcome = await call('no-such-command', '--json').catch((error) => error);
    if (outcome.code !== 2) throw new Error(`Expected exit code 2, got ${outcome.code ?? 0}.`);
    const { error } = onlyJson(outcome.stdout, 'With --json stdout must be one JSON document.');
    if (!error?.message.includes('no-such-command')) throw new Error(`Got ${outcome.stdout}`);
  });
}

/** The import specifiers of a package for a set of conditions, from its exports map. */
export function entriesOf(manifest, conditions) {
  const entries =
    typeof manifest.exports === 'string' ? { '.': manifest.exports } : manifest.exports;
  return Object.entries(entries)
    .filter(([path, target]) => !/\.json$|\*/.test(path) && targetFor(target, conditions))
    .map(([path]) => manifest.name + path.slice(1));
}

/** What Node's algorithm picks: the first condition in the map's order that is on. */
function targetFor(target, conditions) {
  if (typeof target === 'string') return target;
  for (const [condition, value] of Object.entries(target ?? {})) {
    if (condition !== 'default' && !conditions.includes(condition)) continue;
    const found = targetFor(value, conditions);
    if (found) return found;
  }
  return undefined;
}

function commandsIn(help) {
  const list = help.split('\nCommands:\n')[1]?.split('\n\n')[0] ?? '';
  return [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, command]) => command);
}

function onlyJson(text, remedy) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(
      `Expected JSON alone on stdout, got ${JSON.stringify(text.slice(0, 300))}. ${remedy}`,
    );
  }
}
