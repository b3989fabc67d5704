import { readFile, rm } from 'node:fs/promises';
import { sha256 } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { findProgram } from '../../commands/program.ts';
import type { StateLayout } from '../../state/layout.ts';
import { lastLines, type ServiceOutput } from '../../supervisor/output.ts';
import {
  journalOf,
  statusOf,
  systemctl,
  type UnitStatus,
  versionOfSystemd,
} from '../../supervisor/systemd/systemctl.ts';
import { isOfState, readUnit, removeUnit, writeUnit } from '../../supervisor/systemd/unit-files.ts';
import { containerPlaces, labels, unitMark } from './names.ts';
import { noPodman, PodmanFailure, podmanUnitEnvironment } from './podman.ts';
import type { ContainerSpec } from './spec.ts';
import {
  argumentsText,
  beyondStopMs,
  containerUnitOf,
  containerUnitText,
  parseContainerUnit,
  startPatienceMs,
} from './unit.ts';

/** The unit of a component's container, as it is now. */
export interface SeenUnit {
  readonly component: string;
  readonly tree: string;
  readonly fingerprint: string;
  /** It is as it was written, with the arguments that were written with it. */
  readonly isIntact: boolean;
  readonly isSealed: boolean;
  readonly status: UnitStatus;
}

/** Those of this state folder. */
export async function seeUnits(
  layout: StateLayout,
  components: readonly string[],
): Promise<ReadonlyMap<string, SeenUnit>> {
  const texts = new Map<string, string>();
  for (const component of components) {
    const text = await readUnit(containerUnitOf(component));
    if (text !== null && isOfState(text, layout.root)) texts.set(component, text);
  }
  const status = await statusOf([...texts.keys()].map(containerUnitOf));
  const seen = new Map<string, SeenUnit>();
  for (const [component, text] of texts) {
    const own = status.get(containerUnitOf(component));
    if (own === undefined) continue;
    const { isIntact, argumentsDigest, ...said } = parseContainerUnit(text);
    const handed = await readFile(containerPlaces(layout).argumentsFile(component)).catch(() => '');
    seen.set(component, {
      component,
      ...said,
      isIntact: isIntact && sha256(handed) === argumentsDigest,
      status: own,
    });
  }
  return seen;
}

/**
 * Has systemd start a container now and with the host, by `podman ARGUMENTS…`. One that can't be started leaves no unit.
 * @throws PodmanFailure with the exit code and the words of podman
 */
export async function startUnit(
  spec: ContainerSpec,
  own: { readonly words: readonly string[]; readonly secrets: string | null },
  layout: StateLayout,
  signal: AbortSignal,
): Promise<void> {
  const { component, stopTimeoutMs } = spec;
  const unit = containerUnitOf(component);
  const doing = `starting the container of ${component}`;
  const podman = findProgram('podman');
  if (podman === null) throw noPodman(doing);
  const argumentsFile = containerPlaces(layout).argumentsFile(component);
  const parts = {
    component,
    stateFolder: layout.root,
    ...own,
    environment: podmanUnitEnvironment(process.env),
    podman,
    argumentsFile,
    stopTimeoutMs,
    tree: spec.tree,
    fingerprint: spec.fingerprint,
    isSealed: spec.hasSealed,
    ownLabel: `${labels.unit}=${unitMark(layout.root, component)}`,
    version: await versionOfSystemd(),
  };
  await writeFileAtomic(argumentsFile, argumentsText(parts), { mode: 0o600 });
  await writeUnit(unit, containerUnitText(parts));
  try {
    await systemctl(['start', '--', unit], startPatienceMs, signal);
  } catch (error) {
    signal.throwIfAborted();
    const failure = await failureOf(doing, unit, error);
    await endUnit(component, stopTimeoutMs, layout);
    throw failure;
  }
}

/** Ends the container of a unit, and removes the unit. Nothing where there is none of this state folder. */
export async function endUnit(component: string, stopTimeoutMs: number, layout: StateLayout): Promise<void> {
  const unit = containerUnitOf(component);
  const text = await readUnit(unit);
  if (text !== null && isOfState(text, layout.root)) {
    if ((await statusOf([unit])).get(unit)?.isLoaded === true) {
      // It has the time that it was started with, whoever stops it now.
      const longestMs = Math.max(stopTimeoutMs, parseContainerUnit(text).stopMs) + beyondStopMs;
      await systemctl(['stop', '--', unit], longestMs);
    }
    await removeUnit(unit);
  }
  await rm(containerPlaces(layout).argumentsFile(component), { force: true });
}

/** What a container wrote, and podman's complaints about it. */
export async function outputOfUnit(component: string): Promise<ServiceOutput> {
  const unit = containerUnitOf(component);
  const lines = await journalOf(unit, ['_COMM=conmon', '_TRANSPORT=stdout']).catch(() => '');
  return { where: `journalctl -u ${unit} shows its log`, last: lastLines(lines) };
}

/** As if podman had been called here. */
async function failureOf(doing: string, unit: string, cause: unknown): Promise<PodmanFailure> {
  const status = (await statusOf([unit])).get(unit);
  const said = await journalOf(unit, ['_TRANSPORT=stdout'], status?.invocation).catch(() => '');
  const output = lastLines(said) || (cause instanceof Error ? cause.message : String(cause));
  return new PodmanFailure(doing, status?.exit?.code ?? null, output, cause);
}
