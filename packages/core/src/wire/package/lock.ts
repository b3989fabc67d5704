import { object, string } from '../../schema/build.ts';
import { command, durationMs } from './fields.ts';
import type { PackagePart } from './part.ts';

/** docs/spec/components/lock.md */

export const lockFile = string({
  title: 'the path of a file',
  minLength: 1,
  maxLength: 4096,
  pattern: '^[^\\0]+$',
});
export const lockSchema = object({}, { file: lockFile, command, timeoutMs: durationMs });

export const lockDefaults = { timeoutMs: 30_000 } as const;

export const lockPart: PackagePart = {
  needs: { name: 'lock', isNeeded: ({ lock }) => lock !== undefined },
  fault: ({ lock }) =>
    lock === undefined || (lock.file === undefined) !== (lock.command === undefined)
      ? undefined
      : { path: ['lock'], sentence: 'expected exactly one of file and command' },
  texts: function* ({ lock }) {
    if (lock?.file !== undefined) yield [['lock', 'file'], lock.file];
    for (const [i, text] of (lock?.command ?? []).entries()) yield [['lock', 'command', i], text];
  },
};
