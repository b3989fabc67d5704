import { access } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { type FilesBlock, filesDefaults, fillPlaceholders, XylemError } from '@xylem/core';
import type { Placed } from '../../slot/placed.ts';
import type { DriverTools, Places } from '../driver.ts';
import { placesOf } from '../service/places.ts';
import { type RunSpec, runCommand } from './run-command.ts';

type Command = NonNullable<FilesBlock['validate'] | FilesBlock['reload']> & {
  readonly environment?: Readonly<Record<string, string>>;
};

/**
 * A `validate` or `reload` as it is run on this host. Pure.
 * @param rendered where the files to be validated are; absent for a reload
 * @throws XylemError E_PLACEHOLDER
 */
export function specOf(given: Command, placed: Placed, places: Places, rendered?: string): RunSpec {
  const filled = { ...placesOf(placed, places), ...(rendered === undefined ? {} : { rendered }) };
  const fill = (text: string): string => fillPlaceholders(text, filled);
  const [program = '', ...args] = given.command.map(fill);
  return {
    command: [program.includes('/') && !isAbsolute(program) ? join(filled.tree, program) : program, ...args],
    cwd: filled.tree,
    environment: Object.fromEntries(
      Object.entries(given.environment ?? {}).map(([name, text]) => [name, fill(text)]),
    ),
    timeoutMs: given.timeoutMs ?? filesDefaults.timeoutMs,
  };
}

/** Before anything is fetched: whether the configuration can fill its commands. @throws XylemError E_PLACEHOLDER */
export function checkCommands(placed: Placed, places: Places): void {
  const { validate, reload } = placed.document.files ?? {};
  if (validate !== undefined) specOf(validate, placed, places, '');
  if (reload !== undefined) specOf(reload, placed, places);
}

/**
 * @param isSecret whether what it prints may hold a sealed value: then it is not repeated
 * @throws XylemError E_HOOK_FAILED with what it printed
 */
export async function runOrRefuse(
  what: 'validate' | 'reload',
  spec: RunSpec,
  placed: Placed,
  tools: DriverTools,
  isSecret: boolean,
): Promise<void> {
  // A tree that somebody removed must not look like a missing program.
  const hasFolder = await access(spec.cwd).then(
    () => true,
    () => false,
  );
  const own = hasFolder ? spec : { ...spec, cwd: tools.layout.root };
  const { fault, output } = await runCommand(own, tools.clock, tools.signal);
  tools.signal.throwIfAborted();
  if (fault === null) return;
  const { component, version } = placed;
  const said = isSecret
    ? 'What it printed is not repeated here, for a sealed value is part of these files.'
    : output === ''
      ? 'It printed nothing.'
      : `It printed: ${output}`;
  throw new XylemError(
    'E_HOOK_FAILED',
    `${component} ${version}: its ${what} command ${spec.command[0]} failed: ${fault}. ${said}`,
    { details: { what, fault } },
  );
}
