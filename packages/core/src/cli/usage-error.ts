import { NnLabError } from '../errors.js';

/** The command line itself is wrong: the frame prints the line and exits with code 2. */
export class UsageError extends NnLabError {
  override readonly name = 'UsageError';
  protected static override readonly brand = 'UsageError';
}
