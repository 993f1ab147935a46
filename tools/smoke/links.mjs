import { access, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Every relative link and picture of a README must lead to a file of its own tarball. */
export async function checkLinks({ consumer, packages, check }) {
  for (const { manifest } of packages) {
    await check(`the links of ${manifest.name}'s README`, async () => {
      const folder = join(consumer, 'node_modules', manifest.name);
      const text = await readFile(join(folder, 'README.md'), 'utf8');
      const links = linksOf(text);
      const dead = [];
      for (const link of links) {
        const path = join(folder, decodeURI(link));
        const outside = relative(folder, path).startsWith('..');
        const found = await access(path).then(
          () => true,
          () => false,
        );
        if (outside || !found) dead.push(link);
      }
      if (dead.length > 0) throw new Error(`The tarball does not hold ${dead.join(', ')}.`);
      return `${links.length} files`;
    });
  }
}

/** The relative targets of Markdown links and pictures and of HTML's src and href. */
function linksOf(markdown) {
  const text = markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');
  const targets = [
    ...text.matchAll(/\]\(\s*<?([^\s)>]+)/g),
    ...text.matchAll(/^\s*\[[^\]]+\]:\s*(\S+)/gm),
    ...text.matchAll(/\b(?:src|href)=["']([^"']+)/g),
  ].map(([, target]) => target.replace(/[#?].*$/, ''));
  return [...new Set(targets)].filter(
    (target) => target !== '' && !/^[a-z][\w+.-]*:/i.test(target),
  );
}
