// Controls (C0, C1), and what turns the direction of writing: hosts, packages and notes may hold them.
const special = /\r\n|[\p{Cc}\p{Bidi_Control}]/gu;
const harmless = new Set(['\n', '\r\n', '\t']);

const shown = (text: string): string =>
  harmless.has(text) ? text : `\\u${text.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Text of others made harmless for a terminal: control characters are shown as `\u001b`. Lines and tabs stay. */
export const printable = (text: string): string => text.replace(special, shown);

/** The same on one line: a line break inside would look like a line of this program. */
export const printableLine = (text: string): string =>
  printable(text).replace(/\r?\n|[\u2028\u2029]/g, '\\n');
