import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathsClash, XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { localPolicy } from '../../policy/local-policy.ts';
import { installFingerprint, type Placed } from '../../slot/placed.ts';
import type { Driver, DriverTools, StepAction } from '../driver.ts';
import { lookAhead } from './ahead.ts';
import { refuseDenied } from './allowed.ts';
import { bringFiles, forgetFiles } from './bring.ts';
import { runOrRefuse, specOf } from './commands.ts';
import { placedFile } from './placed-file.ts';
import { type RenderedFile, renderFiles } from './render.ts';

/** Everything that can be found wrong is found here, before anything is touched. */
const preflight: StepAction<'preflight'> = async ({ target }, component, tools) => {
  // Of a package that places nothing, the stage before it has verified every file.
  if (target.document.files === undefined) return;
  const own = tools.layout.component(component);
  await mkdir(own.data, { recursive: true, mode: 0o700 });
  const rendered = await renderFiles(target, tools);
  await refuseClashes(component, rendered, tools);
  const refuse = await refusal(component, tools);
  for (const { to } of rendered) await lookAhead(to, refuse);
  await validate(target, rendered, tools);
};

const apply: StepAction<'apply'> = async ({ target }, component, tools) => {
  const record = await placedFile(tools.layout.component(component).placed, tools.log).read();
  const rendered = await renderFiles(target, tools);
  const refuse = await refusal(component, tools);
  const brought = await bringFiles({ placed: target, rendered, tools, refuse });
  const from = target.document.files?.reload === undefined ? (record?.placed ?? target) : target;
  const { reload } = from.document.files ?? {};
  if (brought.hasChanged && reload !== undefined) {
    const isSecret = rendered.some((one) => one.isSealed);
    await runOrRefuse('reload', specOf(reload, from, tools), target, tools, isSecret);
  }
  await brought.finish();
};

const unapply: StepAction<'unapply'> = async ({ placed }, _component, tools) => {
  // Of files there is nothing outside of a slot that no record names.
  if (placed !== null) await takeFilesBack(placed, tools);
};

/** What stood at the places of a component before its files came stands there again. */
export async function takeFilesBack(placed: Placed, tools: DriverTools): Promise<void> {
  const { component } = placed;
  const brought = await bringFiles({ placed, rendered: [], tools, refuse: () => undefined });
  const { reload } = placed.document.files ?? {};
  if (brought.hasChanged && reload !== undefined) {
    // A program that was removed already can't be told, and must not hold up the removal of its files.
    await runOrRefuse('reload', specOf(reload, placed, tools), placed, tools, true).catch(
      (cause: unknown) => {
        tools.signal.throwIfAborted();
        tools.log.warn('reload failed while files were taken back', { component, cause });
      },
    );
  }
  await brought.finish();
  await forgetFiles(component, tools);
}

export const applyFiles: Driver['apply'] = { preflight, apply, unapply };

/** By what this host's root allows now. @throws XylemError E_PERMISSION, E_INPUT for a policy that does not count */
async function refusal(
  component: string,
  { layout, policyPath }: DriverTools,
): Promise<(path: string) => void> {
  const { files } = await localPolicy(policyPath);
  const state = await realpath(layout.root);
  const data = join(state, 'components', component, 'data');
  return (path) => refuseDenied(path, { state, data, allow: files.allow });
}

/** The plan refuses two that claim one place; a host does not rely on that. */
async function refuseClashes(
  component: string,
  rendered: readonly RenderedFile[],
  { layout, log }: DriverTools,
): Promise<void> {
  for (const other of await readdir(layout.components)) {
    if (other === component) continue;
    const record = await placedFile(layout.component(other).placed, log).read();
    for (const { to } of record?.files ?? []) {
      const own = rendered.find((one) => pathsClash(one.to, to));
      if (own === undefined) continue;
      const message = `${component} places ${own.to}, and ${other} has ${to} on this host.`;
      throw new XylemError('E_COMPONENT_CONFLICT', message, { details: { path: own.to, other } });
    }
  }
}

async function validate(
  target: Placed,
  rendered: readonly RenderedFile[],
  tools: DriverTools,
): Promise<void> {
  const own = tools.layout.component(target.component);
  await rm(own.rendered, { recursive: true, force: true });
  const given = target.document.files?.validate;
  if (given === undefined) return;
  const folder = join(own.rendered, installFingerprint(target));
  const isSecret = rendered.some(({ isSealed }) => isSealed);
  try {
    for (const { name, bytes, mode } of rendered) {
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFileAtomic(path, bytes, { mode: (mode & 0o700) | 0o600 });
    }
    await runOrRefuse('validate', specOf(given, target, tools, folder), target, tools, isSecret);
  } catch (error) {
    // What a validate refused can be looked at, unless a secret is part of it.
    if (isSecret || !(error instanceof XylemError)) await rm(own.rendered, { recursive: true, force: true });
    throw error;
  }
  await rm(own.rendered, { recursive: true, force: true });
}
