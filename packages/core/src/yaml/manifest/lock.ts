import { closedObject } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import type { PackageDocument } from '../../wire/package/document.ts';
import { command } from '../../wire/package/fields.ts';
import { lockFile } from '../../wire/package/lock.ts';
import { duration } from '../duration.ts';
import type { Milliseconds } from './milliseconds.ts';

export const lockYaml = closedObject({}, { file: lockFile, command, timeout: duration });

export function lockFrom(
  { timeout, ...same }: Static<typeof lockYaml>,
  ms: Milliseconds,
): NonNullable<PackageDocument['lock']> {
  return { ...same, ...(timeout === undefined ? {} : { timeoutMs: ms(timeout, 'lock', 'timeout') }) };
}
