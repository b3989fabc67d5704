import { isAbsolute, join } from 'node:path';
import { type Digest, fillPlaceholders, jcs, sha256, stopTimeoutDefaultMs, XylemError } from '@xylem/core';
import type { Placed } from '../../slot/placed.ts';
import type { ServiceSpec } from '../../supervisor/protocol.ts';
import type { Places } from '../driver.ts';

/** What the placeholders of `placed` stand for on this host. */
export function placesOf(placed: Placed, { layout, node }: Places) {
  const own = layout.component(placed.component);
  return { config: placed.config, tree: own.tree(placed.tree), data: own.data, node };
}

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
 * How the service of a package is started on this host. Pure.
 * @throws XylemError E_PLACEHOLDER
 */
export function serviceSpec(placed: Placed, places: Places): ServiceSpec {
  const { service } = placed.document;
  if (service === undefined) {
    throw new XylemError('E_PACKAGE_INVALID', `${placed.component} is of kind service and says no command.`);
  }
  const filled = placesOf(placed, places);
  const start = {
    component: placed.component,
    command: commandOf(service.command, placed, places),
    environment: Object.fromEntries(
      Object.entries(service.environment ?? {}).map(([name, value]) => [
        name,
        fillPlaceholders(value, filled),
      ]),
    ),
    workingFolder: filled.tree,
    stopTimeoutMs: service.stopTimeoutMs ?? stopTimeoutDefaultMs,
    tree: placed.tree,
  };
  const fingerprint: Digest = sha256(jcs(start));
  return { ...start, fingerprint };
}
