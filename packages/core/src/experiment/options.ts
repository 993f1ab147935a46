import { fileGroup, runGroup } from '../cli/common-options.js';
import { choiceOption, pathOption, switchOption } from '../cli/options.js';

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
