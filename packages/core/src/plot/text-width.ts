/**
 * About how wide a text is at the given font size, for a sans-serif face: enough to lay it out. Of a
 * text that is wider than any picture only the beginning is measured.
 */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text.slice(0, longestMeasured)) width += advance(character);
  return width * size;
}

const longestMeasured = 10_000;

/** The text, cut with an ellipsis where it is wider than `width`; no more is looked at than fits. */
export function fitText(text: string, width: number, size: number): string {
  let used = 0;
  let end = 0;
  let kept = 0;
  for (const character of text) {
    used += advance(character);
    end += character.length;
    const isFirst = end === character.length;
    if (isFirst || (used + advance('…')) * size <= width) kept = end;
    if (used * size > width) return `${text.slice(0, kept).trimEnd()}…`;
  }
  return text;
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
