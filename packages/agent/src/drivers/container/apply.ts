import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { healthCheckOf } from '../../health/check.ts';
import { probe } from '../../health/probe.ts';
import { withoutValues } from '../../secrets/without.ts';
import type { Placed } from '../../slot/placed.ts';
import { outputOfLog, type ServiceOutput } from '../../supervisor/output.ts';
import type { LastExit, ServiceState } from '../../supervisor/protocol.ts';
import { requireOwnUnit } from '../../supervisor/systemd/unit-files.ts';
import type { Driver, DriverTools, StepAction } from '../driver.ts';
import { requireFreePorts } from '../service/ports.ts';
import { endContainer } from './end.ts';
import { ensureImage } from './image.ts';
import { readImageLayout } from './image-layout.ts';
import { containerName, containerPlaces } from './names.ts';
import { PodmanFailure, podman } from './podman.ts';
import { runArguments } from './run-arguments.ts';
import { removeSecretFiles, writeSecretFiles } from './secret-files.ts';
import { type SeenContainer, seeContainers } from './seen.ts';
import { containerSpec, openedFiles } from './spec.ts';
import { containerUnitOf, idFileOf } from './unit.ts';
import { outputOfUnit, startUnit } from './units.ts';
import { giveVolumes, makeVolumes } from './volumes.ts';

const preflight: StepAction<'preflight'> = async ({ target }, component, tools) => {
  const spec = containerSpec(target, tools);
  if (tools.supervisor.runsUnits === true)
    await requireOwnUnit(containerUnitOf(component), tools.layout.root);
  await mkdir(tools.layout.component(component).data, { recursive: true, mode: 0o700 });
  // From here on podman is asked about this component.
  await mkdir(join(containerPlaces(tools.layout).components, component), { recursive: true, mode: 0o700 });
  // Before anything is stopped: without its key, what runs goes on.
  openedFiles(target, tools, await tools.secrets.open(target));
  await ensureImage(target, tools);
  const ports = spec.ports.filter(({ protocol }) => protocol === 'tcp').map(({ host }) => host);
  // While its own former version listens, the port can't be judged.
  if (ports.length === 0 || (await ownContainer(component, tools))?.found?.running === true) return;
  await requireFreePorts(component, ports);
};

const stop: StepAction<'stop'> = async ({ stopTimeoutMs }, component, tools) => {
  const seen = await ownContainer(component, tools);
  if (seen !== null) await endContainer(seen, stopTimeoutMs, tools.layout);
  await removeSecretFiles(tools.layout.root, component);
};

const start: StepAction<'start'> = async ({ target }, component, tools) => {
  const spec = containerSpec(target, tools);
  const seen = await ownContainer(component, tools);
  if (seen?.standing === 'runs' && seen.found?.fingerprint === spec.fingerprint) return;
  if (seen !== null) await endContainer(seen, spec.stopTimeoutMs, tools.layout);
  const { id: image } = await readImageLayout(tools.layout.component(component).tree(target.tree), component);
  const files = openedFiles(target, tools, await tools.secrets.open(target));
  const { root } = tools.layout;
  const own = tools.layout.component(component);
  await mkdir(tools.layout.logs, { recursive: true, mode: 0o700 });
  const secrets = Object.keys(files).length === 0 ? null : await writeSecretFiles(root, component, files);
  const newVolumes = await makeVolumes(spec, own.data);
  const isUnit = tools.supervisor.runsUnits === true;
  const places = { root, data: own.data, log: own.log, secrets, newVolumes, image };
  const ofUnit = { ...places, newVolumes: new Set<string>(), idFile: idFileOf(component) };
  const words = runArguments(spec, isUnit ? ofUnit : places);
  try {
    if (isUnit && newVolumes.size > 0) await giveVolumes(spec, places, tools.signal);
    if (isUnit) await startUnit(spec, { words, secrets }, tools.layout, tools.signal);
    else await podman(`starting the container of ${component}`, words, { signal: tools.signal });
  } catch (error) {
    await removeHalf(component, tools);
    throw startFault(error, target);
  }
};

const probeContainer: StepAction<'probe'> = async ({ target }, component, tools) => {
  await probe({
    component,
    version: target.version,
    check: healthCheckOf(target, tools),
    output: () => outputWithoutSecrets(target, tools),
    state: async () => stateOf(component, await ownContainer(component, tools)),
    clock: tools.clock,
    signal: tools.signal,
  });
};

export const applyContainer: Driver['apply'] = { preflight, stop, start, probe: probeContainer };

/** What is said of a failure goes into reports. */
async function outputWithoutSecrets(target: Placed, tools: DriverTools): Promise<ServiceOutput> {
  const { component } = target;
  const isUnit = (await ownContainer(component, tools))?.unit != null;
  const { where, last } = isUnit
    ? await outputOfUnit(component)
    : outputOfLog(tools.layout.component(component).log);
  const opened = await tools.secrets.open(target);
  return { where, last: withoutValues(last, opened.values()) };
}

async function ownContainer(component: string, tools: DriverTools): Promise<SeenContainer | null> {
  const [seen] = await seeContainers(tools.layout, [component], tools.signal);
  return seen ?? null;
}

/** One that could not be started stays behind as a made one. */
async function removeHalf(component: string, tools: DriverTools): Promise<void> {
  try {
    const seen = await ownContainer(component, tools);
    if (seen !== null && seen.found?.running !== true) await endContainer(seen, 0, tools.layout);
  } catch (error) {
    tools.log.warn('what was left of a start is removed with the next one', { component, cause: error });
  }
}

/** Whose fault it is that a container did not start: the package's, the port's, or podman's. */
function startFault(error: unknown, { component, version }: Placed): unknown {
  if (!(error instanceof PodmanFailure) || error.code !== 'E_PODMAN') return error;
  const { exitCode, output } = error;
  if (exitCode === 126 || exitCode === 127) {
    return new XylemError('E_SERVICE_START', `${component} ${version} could not be started: ${output}`, {
      cause: error,
    });
  }
  if (/address already in use|port is already allocated/i.test(output)) {
    return new XylemError('E_PORT_IN_USE', `${component} can't publish its port: ${output}`, {
      cause: error,
    });
  }
  if (/is already in use/.test(output)) {
    const message = `A container that is not this agent's has the name ${containerName(component)}; remove or rename it. ${output}`;
    return new XylemError('E_PODMAN', message, { cause: error });
  }
  return error;
}

/** As the probe looks at services. */
function stateOf(component: string, seen: SeenContainer | null): ServiceState {
  const { found = null, unit = null, standing } = seen ?? {};
  const runs = standing === 'runs';
  return {
    component,
    instance: component,
    tree: found?.tree ?? unit?.tree ?? '',
    fingerprint: found?.fingerprint ?? unit?.fingerprint ?? '',
    process: runs && found !== null ? { pid: found.pid, startTicks: 0, boot: '' } : null,
    startedAt: found?.startedAt ?? 0,
    restarts: unit?.status.restarts ?? found?.restarts ?? 0,
    lastExit: runs ? null : lastExitOf(seen),
  };
}

function lastExitOf(seen: SeenContainer | null): LastExit | null {
  if (seen?.unit) return seen.unit.status.exit;
  if (!seen?.found) return { code: null, signal: null, error: 'its container was removed', at: 0 };
  return { code: seen.found.exitCode, signal: null, error: null, at: seen.found.finishedAt };
}
