import { isAbsolute, join } from 'node:path';
import { type Digest, fillPlaceholders, jcs, sha256, stopTimeoutDefaultMs, XylemError } from '@xylem/core';
import { splitEnvironment } from '../../secrets/environment.ts';
import type { Placed } from '../../slot/placed.ts';
import type { ServiceSpec } from '../../supervisor/protocol.ts';
import { termsOf } from '../../supervisor/terms.ts';
import type { Places } from '../driver.ts';
import { placesOf } from './places.ts';
import type { Side } from './sides.ts';

/**
 * A program relative to the tree where it holds a `/` (docs/spec/objects.md); otherwise found by PATH. Pure.
 * @throws XylemError E_PLACEHOLDER
 */
export function commandOf(command: readonly string[], placed: Placed, places: Places): string[] {
  const filled = placesOf(placed, places);
  const [program = '', ...args] = command.map((argument) => fillPlaceholders(argument, filled));
  const found = program.includes('/') && !isAbsolute(program) ? join(filled.tree, program) : program;
  return [found, ...args];
}

/**
 * How the service of a package is started on this host, without what is sealed. Pure.
 * @param side which of two instances, for a package that has them
 * @throws XylemError E_PLACEHOLDER
 */
export function serviceSpec(placed: Placed, host: Places, side: Side | null = null): ServiceSpec {
  const places = side === null ? host : { ...host, port: side.port };
  const { service } = placed.document;
  if (service === undefined) {
    throw new XylemError('E_PACKAGE_INVALID', `${placed.component} is of kind service and says no command.`);
  }
  const filled = placesOf(placed, places);
  const environment = splitEnvironment(placed, places);
  const terms = termsOf(service);
  const start = {
    component: placed.component,
    ...(side === null ? {} : { instance: side.service }),
    command: commandOf(service.command, placed, places),
    environment: environment.open,
    workingFolder: filled.tree,
    stopTimeoutMs: service.stopTimeoutMs ?? stopTimeoutDefaultMs,
    tree: placed.tree,
    ...(Object.keys(environment.sealed).length === 0 ? {} : { sealed: environment.sealed }),
    ...(terms === undefined ? {} : { terms }),
  };
  const fingerprint: Digest = sha256(jcs(start));
  return { ...start, fingerprint };
}
