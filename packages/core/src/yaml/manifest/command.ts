import { closedObject, integer } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import type { CommandOperation } from '../../wire/package/command.ts';
import type { PackageDocument } from '../../wire/package/document.ts';
import { command } from '../../wire/package/fields.ts';
import { duration } from '../duration.ts';
import type { Milliseconds } from './milliseconds.ts';
import { variables, variablesFrom } from './variables.ts';

const step = closedObject({ command }, { timeout: duration });

export const commandYaml = closedObject(
  { observe: step, apply: step, remove: step },
  { protocol: integer({ minimum: 1, maximum: 1000 }), environment: variables },
);

export function commandFrom(
  { observe, apply, remove, protocol, environment }: Static<typeof commandYaml>,
  ms: Milliseconds,
): NonNullable<PackageDocument['command']> {
  const from = ({ command: given, timeout }: Static<typeof step>, operation: CommandOperation) => ({
    command: given,
    ...(timeout === undefined ? {} : { timeoutMs: ms(timeout, 'command', operation, 'timeout') }),
  });
  return {
    observe: from(observe, 'observe'),
    apply: from(apply, 'apply'),
    remove: from(remove, 'remove'),
    ...(protocol === undefined ? {} : { protocol }),
    ...(environment === undefined ? {} : { environment: variablesFrom(environment) }),
  };
}
