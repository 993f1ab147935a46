import { choiceOption, integerOption, pathOption, switchOption } from './options.js';

/** The heading of a project's own options, and of every option that names none. */
export const runGroup = 'What to run:';
const machineGroup = 'Where it runs:';
/** The heading of options that say where files are. */
export const fileGroup = 'Files:';
const outputGroup = 'What it prints:';

/** `--seed N`, 42 unless told: everything random follows from it. */
export const seedOption = integerOption(
  'seed',
  'seed of everything random; same seed and backend, same result',
  { default: 42, minimum: 0, maximum: 2 ** 32 - 1, group: runGroup },
);

/** `--backend NAME` and `--threads N`. */
export const backendOptions = [
  choiceOption(
    'backend',
    'what computes',
    {
      auto: 'the fastest one that starts',
      tensorflow: 'tfjs-node or tfjs-node-gpu, if installed',
      simd: 'WebAssembly on the CPU',
      cpu: 'plain JavaScript, slow',
    },
    { default: 'auto', group: machineGroup },
  ),
  integerOption('threads', 'threads of the simd backend (default: one for each processor core)', {
    minimum: 1,
    maximum: 256,
    group: machineGroup,
  }),
] as const;

/** `--data DIR`: where data sets are looked for first. */
export const dataOption = pathOption(
  'data',
  'folder to look for data sets in first (default: NN_LAB_DATA, the cache, system folders, then a download)',
  { placeholder: 'DIR', existing: 'folder', group: fileGroup },
);

/** The switches that the frame gives every command. */
export const outputOptions = [
  switchOption('json', 'print the result as one JSON document on stdout', { group: outputGroup }),
  switchOption('quiet', 'print nothing but the result and errors', { group: outputGroup }),
  switchOption('verbose', 'print details, and the stack of an error', { group: outputGroup }),
] as const;
