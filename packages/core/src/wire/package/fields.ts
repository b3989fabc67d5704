import { array, either, integer, oneOf, string, titled } from '../../schema/build.ts';

/** What several parts of a package document are made of (docs/spec/objects.md, Package documents). */

export const componentKinds = [
  'files',
  'service',
  'deb',
  'rpm',
  'container',
  'kubernetes',
  'command',
  'agent',
] as const;

export const argument = string({
  title: 'an argument without NUL',
  pattern: '^[^\\0]*$',
  maxLength: 128 * 1024,
});
export const command = array(argument, {
  minItems: 1,
  maxItems: 1000,
  title: 'a command: a list of arguments',
});
/** A number, or text with placeholders that become one. */
export const port = titled(
  either(integer({ minimum: 1, maximum: 65_535 }), string({ minLength: 1, maxLength: 255 })),
  'a port (1 to 65535, or text with a placeholder)',
);
export const durationMs = integer({ title: 'milliseconds', minimum: 1, maximum: 24 * 3_600_000 });
export const platformName = string({
  title: 'a platform name like "linux" or "x64"',
  pattern: '^[a-z0-9_]{1,32}$',
});
export const variableName = string({ title: 'a variable name', pattern: '^[A-Za-z_][A-Za-z0-9_]{0,254}$' });
export const componentKind = oneOf(...componentKinds);
