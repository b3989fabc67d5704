import { join } from 'node:path';
import { type Digest, sha256, XylemError } from '@xylem/core';
import { installFingerprint, type Placed } from '../../slot/placed.ts';
import { checkExecutable } from '../../update/check.ts';
import type { FailedTrial } from '../../update/files.ts';
import type { Driver, DriverTools, StepAction } from '../driver.ts';

/** One that no parent hears is tried so often, in case the parents were to blame. */
const mostSilent = 2;

const preflight: StepAction<'preflight'> = async ({ target }, component, tools) => {
  if (tools.self.tree() === target.tree) return;
  if (!tools.self.isLaunched) {
    throw new XylemError(
      'E_DRIVER_UNSUPPORTED',
      'This agent can not be updated by Xylem: it was not started by `xylem agent launch`.',
    );
  }
  const tried = await tools.self.failed();
  // Its verdict is known; start says it.
  if (tried?.what === nameOf(target)) return;
  const executable = executableOf(target, component, tools);
  await checkExecutable({ executable, stateFolder: tools.layout.root, signal: tools.signal });
};

const start: StepAction<'start'> = async ({ target }, component, tools) => {
  const name = `${component} ${target.version}`;
  await tryOnce(nameOf(target), executableOf(target, component, tools), name, tools);
};

/** Back to what was installed by hand, under the same conditions. */
const stop: StepAction<'stop'> = async (_step, component, tools) => {
  refuseOnTrial(tools);
  if (tools.self.tree() === null) return;
  await tryOnce(sha256('base'), 'base', `${component} as it was installed`, tools);
};

const probe: StepAction<'probe'> = async (_step, _component, tools) => refuseOnTrial(tools);

export const applyAgent: Driver['apply'] = { preflight, start, stop, probe };

function refuseOnTrial({ self }: DriverTools): void {
  if (!self.isOnTrial) return;
  throw new XylemError(
    'E_AGENT_TRIAL',
    'This version of the agent is on trial: no parent has taken its report yet.',
  );
}

async function tryOnce(what: Digest, executable: string, name: string, { self }: DriverTools): Promise<void> {
  const before = await self.failed();
  const again = before?.what === what ? before : null;
  if (again !== null && (again.cause !== 'silent' || again.attempt >= mostSilent)) throw refused(name, again);
  if (again !== null && !self.hasReported()) {
    throw new XylemError(
      'E_AGENT_TRIAL',
      `${name} reached no parent, and neither has this version since; it is tried again after a report of this one was taken.`,
    );
  }
  await self.handOver({ what, attempt: (again?.attempt ?? 0) + 1, executable });
  const after = await self.failed();
  if (after?.what === what) throw refused(name, after);
}

function refused(name: string, { words, output, attempt, cause }: FailedTrial): XylemError {
  const times = cause === 'silent' ? ` (tried ${attempt} times)` : '';
  const said = output.trim() === '' ? 'It wrote nothing.' : `It wrote last:\n${output.trim().slice(-1_500)}`;
  return new XylemError('E_AGENT_UPDATE', `${name} was given up: ${words}${times}. ${said}`);
}

/** The same package by another deployment is worth another try. */
const nameOf = (target: Placed): Digest => sha256(`${installFingerprint(target)} ${target.deployment ?? ''}`);

function executableOf(target: Placed, component: string, { layout }: DriverTools): string {
  const { agent } = target.document;
  if (agent === undefined) throw new XylemError('E_PACKAGE_INVALID', `${component} names no executable.`);
  return join(layout.component(component).tree(target.tree), agent.executable);
}
