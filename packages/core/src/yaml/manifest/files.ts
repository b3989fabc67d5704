import { array, closedObject } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import { command } from '../../wire/package/fields.ts';
import { type FilesBlock, installedFile } from '../../wire/package/files.ts';
import { duration } from '../duration.ts';
import type { Milliseconds } from './milliseconds.ts';
import { variables, variablesFrom } from './variables.ts';

export const filesYaml = closedObject(
  {
    install: array(closedObject(installedFile.required, installedFile.optional), {
      minItems: 1,
      maxItems: 1000,
    }),
  },
  {
    validate: closedObject({ command }, { timeout: duration, environment: variables }),
    reload: closedObject({ command }, { timeout: duration }),
  },
);

export function filesFrom(
  { install, validate, reload }: Static<typeof filesYaml>,
  ms: Milliseconds,
): FilesBlock {
  const timeout = (key: 'validate' | 'reload', given: number | string | undefined): { timeoutMs?: number } =>
    given === undefined ? {} : { timeoutMs: ms(given, 'files', key, 'timeout') };
  return {
    install,
    ...(validate === undefined
      ? {}
      : {
          validate: {
            command: validate.command,
            ...timeout('validate', validate.timeout),
            ...(validate.environment === undefined
              ? {}
              : { environment: variablesFrom(validate.environment) }),
          },
        }),
    ...(reload === undefined
      ? {}
      : { reload: { command: reload.command, ...timeout('reload', reload.timeout) } }),
  };
}
