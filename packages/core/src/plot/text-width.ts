/** About how wide a text is at the given font size, for a sans-serif face: enough to lay it out. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += advance(character);
  return width * size;
}

/** The text, cut with an ellipsis where it is wider than `width`. */
export function fitText(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  const characters = [...text];
  while (characters.length > 1 && textWidth(`${characters.join('')}…`, size) > width) {
    characters.pop();
  }
  return `${characters.join('').trimEnd()}…`;
}

function advance(character: string): number {
  if (/[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]/.test(character))
    return 1;
  if (/[iljI.,:;'|!()[\] ]/.test(character)) return 0.3;
  if (/[ftr\-/1]/.test(character)) return 0.4;
  if (/[mwMW@%…]/.test(character)) return 0.92;
  if (/\p{Uppercase}/u.test(character)) return 0.7;
  return 0.61;
}
