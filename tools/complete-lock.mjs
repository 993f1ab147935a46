// Adds to package-lock.json the optional packages of other platforms that npm left out of it
// (https://github.com/npm/cli/issues/4828): without them `npm ci` refuses the lock. Run it after
// adding or updating a dependency:
//
//   node tools/complete-lock.mjs && npm ci
import { readFile, writeFile } from 'node:fs/promises';

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const processors = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
];
const libraries = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(await readFile(path, 'utf8'));
const { packages } = lock;
const added = [];

for (const [location, { optionalDependencies = {}, dev }] of Object.entries({ ...packages })) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (isLocked(location, name)) continue;
    // Platform packages carry their platform in their name: cli-linux-arm64-musl.
    const words = name.split('/').at(-1).split(/[-.]/);
    const os = systems.filter((system) => words.includes(system));
    const cpu = processors.filter((processor) => words.includes(processor));
    const libc = words.flatMap((word) => libraries[word] ?? []);
    if (os.length + cpu.length === 0 || !/^\d+\.\d+\.\d+/.test(version)) {
      console.error(
        `${name}@${version} of ${location} is not a package of one platform: add it by hand.`,
      );
      process.exitCode = 1;
      continue;
    }
    packages[`node_modules/${name}`] = {
      version,
      ...(cpu.length > 0 ? { cpu } : {}),
      ...(dev ? { dev } : {}),
      ...(libc.length > 0 ? { libc } : {}),
      optional: true,
      ...(os.length > 0 ? { os } : {}),
    };
    added.push(name);
  }
}

lock.packages = Object.fromEntries(
  Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
);
if (added.length > 0) await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added.length} packages added.`);

/** Whether a package is found from where another lies, as Node looks for it: nearest folder first. */
function isLocked(location, name) {
  for (let folder = location; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    if (packages[`${folder}/node_modules/${name}`]) return true;
    if (!folder.includes('/node_modules/')) break;
  }
  return packages[`node_modules/${name}`] !== undefined;
}
