import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { healthCheckOf } from '../../health/check.ts';
import { probe } from '../../health/probe.ts';
import { withoutValues } from '../../secrets/without.ts';
import type { Placed } from '../../slot/placed.ts';
import { outputOfLog, type ServiceOutput } from '../../supervisor/output.ts';
import type { ServiceState } from '../../supervisor/protocol.ts';
import type { Driver, DriverTools, StepAction } from '../driver.ts';
import { requireFreePorts } from '../service/ports.ts';
import { type FoundContainer, findContainers, removeContainer } from './containers.ts';
import { ensureImage } from './image.ts';
import { readImageLayout } from './image-layout.ts';
import { containerName, containerPlaces } from './names.ts';
import { PodmanFailure, podman } from './podman.ts';
import { runArguments } from './run-arguments.ts';
import { removeSecretFiles, writeSecretFiles } from './secret-files.ts';
import { type ContainerSpec, containerSpec, openedFiles } from './spec.ts';

const preflight: StepAction<'preflight'> = async ({ target }, component, tools) => {
  const spec = containerSpec(target, tools);
  await mkdir(tools.layout.component(component).data, { recursive: true, mode: 0o700 });
  // From here on podman is asked about this component.
  await mkdir(join(containerPlaces(tools.layout).components, component), { recursive: true, mode: 0o700 });
  // Before anything is stopped: without its key, what runs goes on.
  openedFiles(target, tools, await tools.secrets.open(target));
  await ensureImage(target, tools);
  const ports = spec.ports.filter(({ protocol }) => protocol === 'tcp').map(({ host }) => host);
  // While its own former version listens, the port can't be judged.
  if (ports.length === 0 || (await ownContainer(component, tools))?.running === true) return;
  await requireFreePorts(component, ports);
};

const stop: StepAction<'stop'> = async ({ stopTimeoutMs }, component, tools) => {
  const found = await ownContainer(component, tools);
  if (found !== null) await removeContainer(found.id, stopTimeoutMs);
  await removeSecretFiles(tools.layout.root, component);
};

const start: StepAction<'start'> = async ({ target }, component, tools) => {
  const spec = containerSpec(target, tools);
  const found = await ownContainer(component, tools);
  if (found?.running === true && found.fingerprint === spec.fingerprint) return;
  if (found !== null) await removeContainer(found.id, spec.stopTimeoutMs);
  const { id: image } = await readImageLayout(tools.layout.component(component).tree(target.tree), component);
  const files = openedFiles(target, tools, await tools.secrets.open(target));
  const { root } = tools.layout;
  const own = tools.layout.component(component);
  await mkdir(tools.layout.logs, { recursive: true, mode: 0o700 });
  const secrets = Object.keys(files).length === 0 ? null : await writeSecretFiles(root, component, files);
  const newVolumes = await makeVolumes(spec, own.data);
  const args = runArguments(spec, { root, data: own.data, log: own.log, secrets, newVolumes, image });
  try {
    await podman(`starting the container of ${component}`, args, { signal: tools.signal });
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
  const { where, last } = outputOfLog(tools.layout.component(target.component).log);
  const opened = await tools.secrets.open(target);
  return { where, last: withoutValues(last, opened.values()) };
}

async function ownContainer(component: string, tools: DriverTools): Promise<FoundContainer | null> {
  const [found] = await findContainers(tools.layout.root, [component], tools.signal);
  return found ?? null;
}

/** One that could not be started stays behind as a made one. */
async function removeHalf(component: string, tools: DriverTools): Promise<void> {
  try {
    const found = await ownContainer(component, tools);
    if (found !== null && !found.running) await removeContainer(found.id, 0);
  } catch (error) {
    tools.log.warn('what was left of a start is removed with the next one', { component, cause: error });
  }
}

/** Makes the folders of its data. Those that were empty are given to the container's user once. */
async function makeVolumes({ volumes }: ContainerSpec, data: string): Promise<ReadonlySet<string>> {
  const empty = new Set<string>();
  for (const volume of volumes) {
    const folder = join(data, volume.data);
    await mkdir(folder, { recursive: true, mode: 0o755 });
    if ((await readdir(folder)).length === 0) empty.add(volume.data);
  }
  return empty;
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
function stateOf(component: string, found: FoundContainer | null): ServiceState {
  const ended = found?.running === true ? null : found;
  return {
    component,
    instance: component,
    tree: found?.tree ?? '',
    fingerprint: found?.fingerprint ?? '',
    process: found?.running === true ? { pid: found.pid, startTicks: 0, boot: '' } : null,
    startedAt: found?.startedAt ?? 0,
    restarts: found?.restarts ?? 0,
    lastExit:
      found === null
        ? { code: null, signal: null, error: 'its container was removed', at: 0 }
        : ended === null
          ? null
          : { code: ended.exitCode, signal: null, error: null, at: ended.finishedAt },
  };
}
