import { choiceOption, integerOption, pathOption, switchOption } from './options.js';

/** The heading of a project's own options, and of every option that names none. */
export const runGroup = 'What to run:';
const machineGroup = 'Where it runs:';
const fileGroup = 'Files:';
const outputGroup = 'What it prints:';

/**
 * `--preset NAME`: one of a project's named settings.
 *
 * @param presets each preset's name and a few words on it, smallest first.
 * @param preset the one that is used when none is named.
 */
export function presetOption<const Preset extends string>(
  presets: Readonly<Record<Preset, string>>,
  preset: NoInfer<Preset>,
) {
  return choiceOption('preset', 'named settings', presets, {
    default: preset as Preset,
    group: runGroup,
  });
}

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

const overwriteOption = switchOption(
  'overwrite',
  "replace this project's run that is in the folder",
  { group: fileGroup },
);

/** `--out DIR`, `--resume` and `--overwrite`, for a command that fills a run folder. */
export const runFolderOptions = [
  pathOption('out', 'run folder: model, checkpoints, plots, report', {
    placeholder: 'DIR',
    default: ({ project, values }) =>
      ['runs', project, values.preset].filter((part) => typeof part === 'string').join('/'),
    defaultText: 'runs/<project>/<preset>',
    group: fileGroup,
  }),
  switchOption('resume', 'go on from the last checkpoint in the run folder', { group: fileGroup }),
  overwriteOption,
] as const;

/**
 * `--out DIR` and `--overwrite`, for a command that fills a folder in one go.
 *
 * @param folder the default folder, with `<project>` for the project's name.
 */
export function outputFolderOptions(folder: string) {
  return [
    pathOption('out', 'folder for everything that the command makes', {
      placeholder: 'DIR',
      default: ({ project }) => folder.replace('<project>', project),
      defaultText: folder,
      group: fileGroup,
    }),
    overwriteOption,
  ] as const;
}

/** The switches that the frame gives every command. */
export const outputOptions = [
  switchOption('json', 'print the result as one JSON document on stdout', { group: outputGroup }),
  switchOption('quiet', 'print nothing but the result and errors', { group: outputGroup }),
  switchOption('verbose', 'print details, and the stack of an error', { group: outputGroup }),
] as const;
