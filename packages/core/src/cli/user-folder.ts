import { basename, dirname, isAbsolute, relative, sep } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder against which a person means their relative paths.
 *
 * It is the working folder, except when a task runner started the program in the program's own
 * package folder: `npm run` and nx both change into the package first. npm then leaves the folder
 * it was called from in `INIT_CWD`; an nx target that runs the command itself leaves npx's
 * `INIT_CWD` alone; an nx target that goes through an npm script overwrites it with the package
 * folder, and then the root of the workspace is the best that is known.
 *
 * @param entry the script that runs (`process.argv[1]`).
 */
export function userFolder(env: Environment, cwd: string, entry: string): string {
  if (!startedInOwnPackage(cwd, entry)) return cwd;
  const underNx = Boolean(env.NX_TASK_TARGET_PROJECT && env.NX_WORKSPACE_ROOT);
  const caller = env.INIT_CWD;
  if (!underNx) return caller && env.npm_package_json ? caller : cwd;
  const overwritten = env.npm_lifecycle_event === env.NX_TASK_TARGET_TARGET;
  return caller && !overwritten ? caller : env.NX_WORKSPACE_ROOT!;
}

/** How a person calls the program from where they are, so that a hint can be pasted. */
export function callerCommand(
  program: { readonly name: string; readonly packageName: string },
  command: string,
  args: readonly string[],
  env: Environment,
  cwd: string,
  entry: string,
): string {
  const words = args.map(quoted).join(' ');
  if (startedInOwnPackage(cwd, entry)) {
    if (env.NX_TASK_TARGET_PROJECT && command) {
      const target = `npx nx run ${env.NX_TASK_TARGET_PROJECT}:${command}`;
      // nx takes --verbose for its own, and swallows what follows it.
      const passed = args.filter((word) => word !== '--verbose').map(quoted);
      return passed.length > 0 ? `${target} -- ${passed.join(' ')}` : target;
    }
    if (env.npm_package_name && env.npm_lifecycle_event === command) {
      const script = `npm run ${command} -w ${env.npm_package_name}`;
      return words ? `${script} -- ${words}` : script;
    }
  }
  const start = /\.[cm]?[jt]s$/.test(entry)
    ? `node ${quoted(relative(cwd, entry))}`
    : env.npm_command === 'exec' || isInProject(entry)
      ? `npx ${program.packageName}`
      : program.name;
  return [start, command, words].filter(Boolean).join(' ');
}

/** True for a bin that is installed in a project, which no shell finds by itself. */
function isInProject(entry: string): boolean {
  return basename(dirname(entry)) === '.bin';
}

/** True when the working folder is the package that the running script belongs to. */
function startedInOwnPackage(cwd: string, entry: string): boolean {
  const path = relative(cwd, dirname(entry));
  if (path === '' || isAbsolute(path)) return false;
  const folders = path.split(sep);
  return folders.length === 1 && (folders[0] === 'dist' || folders[0] === 'src');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
