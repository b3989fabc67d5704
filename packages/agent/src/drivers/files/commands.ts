import { access } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { type FilesBlock, filesDefaults, fillPlaceholders, XylemError } from '@xylem/core';
import { runForComponent } from '../../commands/component-run.ts';
import { lastWords, recordOutput } from '../../commands/record.ts';
import type { Placed } from '../../slot/placed.ts';
import type { DriverTools, Places } from '../driver.ts';
import { placesOf } from '../service/places.ts';

type Command = NonNullable<FilesBlock['validate'] | FilesBlock['reload']> & {
  readonly environment?: Readonly<Record<string, string>>;
};

/** How a package's `validate` or `reload` is run on this host. */
export interface RunSpec {
  readonly command: readonly string[];
  readonly workingFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

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
    workingFolder: filled.tree,
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
  const hasFolder = await access(spec.workingFolder).then(
    () => true,
    () => false,
  );
  const { component, version } = placed;
  const { root, component: ownOf } = tools.layout;
  const run = { what, ...spec, ...(hasFolder ? {} : { workingFolder: root }) };
  const { fault, output } = await runForComponent(component, run, tools);
  const title = `${what} of ${component} ${version}${fault === null ? '' : ` ${fault}`}`;
  await recordOutput(ownOf(component).stepsLog, tools.clock, title, isSecret ? '(not kept)' : output);
  if (fault === null) return;
  const words = lastWords(output);
  const said = isSecret
    ? 'What it printed is not repeated here, for a sealed value is part of these files.'
    : words === ''
      ? 'It printed nothing.'
      : `It printed: ${words}`;
  throw new XylemError(
    'E_HOOK_FAILED',
    `${component} ${version}: its ${what} command ${spec.command[0]} ${fault}. ${said}`,
    { details: { what, fault } },
  );
}
