import { constants } from 'node:os';
import { NnLabError } from '../errors.js';
import { UsageError } from './usage-error.js';

/** A failure as the frame reports it. */
export interface Failure {
  /** The error's class, such as `DataFormatError`; `SystemError` for the operating system's. */
  readonly name: string;
  /** One line: what was expected, what came, what to do. */
  readonly message: string;
  readonly exitCode: 1 | 2;
  /** True for an error that nobody threw on purpose: a fault in the program. */
  readonly unexpected: boolean;
}

/** One line for any thrown value. */
export function describeFailure(thrown: unknown): Failure {
  if (NnLabError.isInstance(thrown)) {
    return {
      name: thrown.name,
      message: oneLine(thrown.message),
      exitCode: UsageError.isInstance(thrown) ? 2 : 1,
      unexpected: false,
    };
  }
  const missing = missingPackage(thrown);
  if (missing !== undefined) {
    const message = `${missing} is not installed. Install it with: npm i ${missing}`;
    return { name: 'MissingPackageError', message, exitCode: 1, unexpected: false };
  }
  const system = describeSystemError(thrown);
  if (system) return { name: 'SystemError', message: system, exitCode: 1, unexpected: false };
  const { name, message } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { name, message: oneLine(message) || 'no message', exitCode: 1, unexpected: true };
}

/** The stack of an error and of each of its causes. */
export function describeStack(thrown: unknown): string {
  const parts: string[] = [];
  let current = thrown;
  for (let depth = 0; current !== undefined && depth < 8; depth++) {
    const text = current instanceof Error ? (current.stack ?? String(current)) : String(current);
    parts.push(depth === 0 ? text : `Caused by: ${text}`);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join('\n');
}

/**
 * A line with the path and the remedy for an error of the operating system, or undefined for
 * any other value.
 */
export function describeSystemError(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  const { code, path, dest, hostname, address } = thrown as NodeJS.ErrnoException & {
    dest?: string;
    hostname?: string;
    address?: string;
  };
  const name = nameOf(code, thrown as NodeJS.ErrnoException);
  const describe = remedies[name];
  if (!describe) return undefined;
  return `${describe(path ?? dest ?? hostname ?? address ?? 'a file')} (${name}).`;
}

/** The error's name; Node 20 has "Unknown system error -122" for some, EDQUOT among them. */
function nameOf(code: string | undefined, { errno }: NodeJS.ErrnoException): string {
  if (!code?.startsWith('Unknown system error')) return code ?? '';
  const known = Object.entries(constants.errno).find(([, number]) => number === -(errno ?? 0));
  return known?.[0] ?? code;
}

/** The package that an import did not find; undefined for any other error, and for a missing file. */
function missingPackage(thrown: unknown): string | undefined {
  if ((thrown as NodeJS.ErrnoException | undefined)?.code !== 'ERR_MODULE_NOT_FOUND')
    return undefined;
  return /^Cannot find package '([^']+)'/.exec((thrown as Error).message)?.[1];
}

const elsewhere = 'Give a folder that you may write to, for instance with --out';

const remedies: Readonly<Record<string, (path: string) => string>> = {
  EACCES: (path) => `Permission denied: ${path}. Change its permissions, or choose another place`,
  EPERM: (path) =>
    `Not permitted: ${path}. Change its owner or permissions, or choose another place`,
  EROFS: (path) => `Read-only file system: ${path}. ${elsewhere}`,
  ENOSPC: (path) =>
    `Disk full: no space left to write ${path}. Free some space, or choose a folder on another disk`,
  EDQUOT: (path) =>
    `Disk quota reached: cannot write ${path}. Free some space, or choose a folder on another disk`,
  EFBIG: (path) => `File too large for its file system: ${path}. Choose a folder on another disk`,
  ENOTDIR: (path) =>
    `Not a folder: a part of ${path} is a file. Give a path whose parents are folders`,
  EISDIR: (path) => `A file was expected, but ${path} is a folder. Give the path of a file`,
  EEXIST: (path) =>
    `Already there: ${path} exists and is not what was expected. Remove it, or choose another place`,
  ENOTEMPTY: (path) => `Not empty: ${path} holds other files. Empty it, or choose another place`,
  ENOENT: (path) =>
    `Not found: ${path}. Check the path; relative paths start at the folder you called from`,
  ENAMETOOLONG: (path) => `Name too long: ${shortened(path)}. Choose a shorter path`,
  ELOOP: (path) =>
    `Too many links: ${path} leads round in a circle. Give a path without such links`,
  EBUSY: (path) => `In use by another program: ${path}. Close it there and try again`,
  EMFILE: (path) =>
    `Too many open files: cannot open ${path}. Raise the limit (ulimit -n) and try again`,
  ENFILE: (path) =>
    `Too many open files on this machine: cannot open ${path}. Close other programs`,
  EIO: (path) => `The disk failed while reading or writing ${path}. Check the disk`,
  ENOTFOUND: (host) => `No address found for ${host}. Check the network connection`,
  EAI_AGAIN: (host) => `The name ${host} could not be looked up. Check the network connection`,
  ECONNREFUSED: (host) => `${host} refused the connection. Check the address and the network`,
  ECONNRESET: (host) => `The connection to ${host} broke off. Try again`,
  ETIMEDOUT: (host) => `${host} did not answer in time. Check the network and try again`,
};

function oneLine(text: string): string {
  return text.replace(/\s*\r?\n\s*/g, ' ').trim();
}

function shortened(path: string): string {
  return path.length > 80 ? `${path.slice(0, 77)}...` : path;
}
