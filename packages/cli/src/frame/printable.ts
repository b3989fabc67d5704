// C0 and C1 controls, and what turns the direction of writing: hosts, packages and notes may hold them.
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\r(?!\n)/g;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Text of others made harmless for a terminal: control characters are shown as `\u001b`. Lines and tabs stay. */
export const printable = (text: string): string => text.replace(unprintable, escaped);

/** The same on one line: a line break inside would look like a line of this program. */
export const printableLine = (text: string): string =>
  printable(text).replace(/\r?\n|[\u2028\u2029]/g, '\\n');
