/**
 * A text as it may go to a terminal: characters that would steer it, hide text or turn it round are
 * written as escapes (`\x1b`, `\u202e`). Line feeds and tabs stay. Names of files, labels and texts of
 * other programs come from outside, and a terminal obeys what it reads.
 */
export function printable(text: string): string {
  return text.replace(steering, (character) => {
    const code = character.codePointAt(0)!;
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

/** The same on one line: a name with a line feed in it must not look like two lines. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n');
}

/** JSON text in which nothing steers a terminal; it reads as the same value. */
export function printableJson(json: string): string {
  return json.replace(steering, (character) => `\\u${hex(character.codePointAt(0)!, 4)}`);
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

/** Controls (C0 but line feed and tab, DEL, C1), separators of lines, directions, lone surrogates. */
const steering =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to keep out
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;
