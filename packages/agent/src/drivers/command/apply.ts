import { access } from 'node:fs/promises';
import { type CommandAnswer, XylemError } from '@xylem/core';
import { findProgram } from '../../commands/program.ts';
import { installFingerprint, type Placed } from '../../slot/placed.ts';
import type { Driver, DriverTools, StepAction } from '../driver.ts';
import { act, observed } from './ask.ts';
import { commandSpec } from './spec.ts';
import { touched } from './touched.ts';

const preflight: StepAction<'preflight'> = async ({ target }, component, tools) => {
  for (const [operation, { command }] of Object.entries(commandSpec(target, tools).programs)) {
    const [program = ''] = command;
    if (findProgram(program) !== null) continue;
    throw new XylemError(
      'E_HOOK_FAILED',
      `${component} ${target.version}: ${program}, its command to ${operation}, is no program that can be executed here`,
    );
  }
};

/** Invariant: before `apply` acts, the machine's last toucher is durably known; after it, its own `observe` agrees. */
const apply: StepAction<'apply'> = async ({ target }, component, tools) => {
  const last = await touched.read(component, tools);
  const isAgain = last !== null && installFingerprint(last.placed) === installFingerprint(target);
  const previous = isAgain ? last.previous : (last?.placed ?? null);
  if (!isAgain) await touched.write(component, { placed: target, previous }, tools);
  await act({ operation: 'apply', placed: target, previous }, tools);
  const { state, detail } = await observed(target, tools);
  if (state === 'applied') return;
  throw contradiction(component, target.version, 'apply', state, detail);
};

const unapply: StepAction<'unapply'> = async ({ placed, of }, component, tools) => {
  const last = (await touched.read(component, tools))?.placed ?? placed;
  try {
    if (last !== null) await takeBack(last, component, tools);
  } catch (error) {
    if (tools.signal.aborted || of === undefined) throw error;
    // Broken as it is, it must not keep what comes in its place from coming.
    tools.log.warn('the former version could not be taken back', { component, cause: error });
  }
  await touched.forget(component, tools);
};

async function takeBack(placed: Placed, component: string, tools: DriverTools): Promise<void> {
  const tree = tools.layout.component(component).tree(placed.tree);
  const isThere = await access(tree).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    throw new XylemError(
      'E_HOOK_FAILED',
      `${component} ${placed.version} can't be taken back: its tree was removed, and its programs with it. Give this version to the host again, so that it is fetched, and remove it then.`,
    );
  }
  const look = (): Promise<CommandAnswer | null> =>
    observed(placed, tools).catch((error: unknown) => {
      if (tools.signal.aborted) throw error;
      return null;
    });
  if ((await look())?.state === 'absent') return;
  await act({ operation: 'remove', placed, previous: null }, tools);
  const after = await look();
  if (after === null || after.state === 'absent') return;
  throw contradiction(component, placed.version, 'remove', after.state, after.detail);
}

function contradiction(
  component: string,
  version: string,
  operation: string,
  state: string,
  detail: string | undefined,
): XylemError {
  const more = detail === undefined ? '' : `: ${detail}`;
  return new XylemError(
    'E_HOOK_FAILED',
    `${component} ${version}: ${operation} ended well, and observe says "${state}"${more}`,
  );
}

export const applyCommand: Driver['apply'] = { preflight, apply, unapply };
