// Not `createRequire` by its name: webpack replaces calls of it by what it finds while it builds.
import nodeModule from 'node:module';
import { join } from 'node:path';

/**
 * The path of a file of an installed package, such as `inter-ui/web/Inter-Regular.woff2`: one that
 * core depends on, else one of the program that runs. The second also serves bundles, which have
 * another place than this file, or none.
 */
export function findPackageFile(file: string): string | undefined {
  for (const place of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return nodeModule.createRequire(place).resolve(file);
    } catch {
      // Not there: the next place may have it.
    }
  }
  return undefined;
}
