import { integer, object, record } from '../../schema/build.ts';
import type { Path } from '../../schema/check.ts';
import type { Static } from '../../schema/json-schema.ts';
import { argument, command, durationMs, variableName } from './fields.ts';
import type { PackagePart } from './part.ts';

/** docs/spec/components/command.md */

const step = object({ command }, { timeoutMs: durationMs });

export const commandSchema = object(
  { observe: step, apply: step, remove: step },
  {
    /** Of the documents that the programs read and write; absent: 1. */
    protocol: integer({ minimum: 1, maximum: 1000 }),
    environment: record(variableName, argument),
  },
);

export const commandOperations = ['observe', 'apply', 'remove'] as const;
export type CommandOperation = (typeof commandOperations)[number];

/** What absent values mean. */
export const commandDefaults = {
  protocol: 1,
  timeoutMs: { observe: 30_000, apply: 600_000, remove: 600_000 },
} as const;

export const commandPart: PackagePart = {
  fault: ({ kind, command: block }) =>
    (kind === 'command') === (block !== undefined)
      ? undefined
      : { path: ['command'], sentence: 'expected for the kind "command" and for no other' },
  texts: function* ({ command: block }) {
    if (block === undefined) return;
    for (const operation of commandOperations) yield* textsOf(block[operation], ['command', operation]);
    for (const [key, text] of Object.entries(block.environment ?? {})) {
      yield [['command', 'environment', key], text];
    }
  },
};

function* textsOf(given: Static<typeof step>, path: Path): Iterable<readonly [Path, string]> {
  for (const [i, text] of given.command.entries()) yield [[...path, 'command', i], text];
}
