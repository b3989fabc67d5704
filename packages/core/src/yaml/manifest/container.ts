import { array, boolean, closedObject, either, integer, record, string, titled } from '../../schema/build.ts';
import type { Static } from '../../schema/json-schema.ts';
import {
  capabilities,
  containerNetwork,
  containerPath,
  containerUser,
  dataFolder,
  hostAddress,
  processes,
  protocol,
  secretFileName,
} from '../../wire/package/container.ts';
import type { PackageDocument } from '../../wire/package/document.ts';
import { argument, command, port } from '../../wire/package/fields.ts';
import { duration } from '../duration.ts';
import { size, sizeBytes } from '../size.ts';
import type { Milliseconds } from './milliseconds.ts';
import { variables, variablesFrom } from './variables.ts';

export const containerYaml = closedObject(
  {},
  {
    /** Which of several in the source; the published tree holds one. */
    image: string({ title: 'the name of an image, such as "shop:1.0"', minLength: 1, maxLength: 512 }),
    entrypoint: command,
    command,
    environment: variables,
    secretFiles: record(secretFileName, argument),
    ports: array(closedObject({ container: port, host: port }, { protocol, address: hostAddress })),
    volumes: array(closedObject({ data: dataFolder, at: containerPath }, { readOnly: boolean() })),
    user: titled(either(containerUser, integer()), 'a user such as "1000:1000" or "app"'),
    readOnly: boolean(),
    capabilities,
    limits: closedObject({}, { memory: size, cpuPercent: integer({ minimum: 1 }), processes }),
    network: containerNetwork,
    stopTimeout: duration,
  },
);

export function containerFrom(
  { image: _image, environment, user, limits, stopTimeout, ...same }: Static<typeof containerYaml>,
  ms: Milliseconds,
): NonNullable<PackageDocument['container']> {
  return {
    ...same,
    ...(environment === undefined ? {} : { environment: variablesFrom(environment) }),
    ...(user === undefined ? {} : { user: String(user) }),
    ...(limits === undefined ? {} : { limits: limitsFrom(limits) }),
    ...(stopTimeout === undefined ? {} : { stopTimeoutMs: ms(stopTimeout, 'container', 'stopTimeout') }),
  };
}

function limitsFrom({ memory, ...same }: NonNullable<Static<typeof containerYaml>['limits']>) {
  return { ...same, ...(memory === undefined ? {} : { memoryBytes: sizeBytes(memory) }) };
}
