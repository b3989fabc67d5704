import {
  type CommandOperation,
  commandDefaults,
  commandOperations,
  fillPlaceholders,
  sealedIn,
  XylemError,
} from '@xylem/core';
import type { Placed } from '../../slot/placed.ts';
import type { Places } from '../driver.ts';
import { placesOf } from '../service/places.ts';
import { commandOf } from '../service/spec.ts';

/** How a package's programs are run on this host. */
export interface CommandSpec {
  readonly programs: Readonly<
    Record<CommandOperation, { readonly command: readonly string[]; readonly timeoutMs: number }>
  >;
  readonly environment: Readonly<Record<string, string>>;
}

/** Pure. @throws XylemError E_PLACEHOLDER, E_PACKAGE_INVALID, E_DRIVER_UNSUPPORTED */
export function commandSpec(placed: Placed, places: Places): CommandSpec {
  const { command: block } = placed.document;
  const { component, version } = placed;
  if (block === undefined) {
    throw new XylemError('E_PACKAGE_INVALID', `${component} is of kind command and says no commands.`);
  }
  const { protocol = commandDefaults.protocol } = block;
  if (protocol !== commandDefaults.protocol) {
    throw new XylemError(
      'E_DRIVER_UNSUPPORTED',
      `The programs of ${component} ${version} speak protocol ${protocol}, and this agent speaks ${commandDefaults.protocol}: update the agent.`,
    );
  }
  const [sealed] = sealedIn(placed.config).keys();
  if (sealed !== undefined) {
    throw new XylemError(
      'E_PLACEHOLDER',
      `${component} is of kind command, whose programs are given no sealed values: take "${sealed}" from a file of the host.`,
    );
  }
  const filled = placesOf(placed, places);
  const program = (operation: CommandOperation) => ({
    command: commandOf(block[operation].command, placed, places),
    timeoutMs: block[operation].timeoutMs ?? commandDefaults.timeoutMs[operation],
  });
  const [observe, apply, remove] = commandOperations.map(program);
  if (observe === undefined || apply === undefined || remove === undefined) throw new Error('unreachable');
  const environment = Object.entries(block.environment ?? {}).map(
    ([name, text]) => [name, fillPlaceholders(text, filled)] as const,
  );
  return { programs: { observe, apply, remove }, environment: Object.fromEntries(environment) };
}
