import { containerName, labels, stateMark, unitMark } from './names.ts';
import type { ContainerSpec } from './spec.ts';

export interface RunPlaces {
  /** The state folder. */
  readonly root: string;
  /** The component's data folder. */
  readonly data: string;
  readonly log: string;
  /** Where its secret files lie; null where it has none. */
  readonly secrets: string | null;
  /** Folders of its data that are new, and are given to the container's user. */
  readonly newVolumes: ReadonlySet<string>;
  /** podman's id of the image. */
  readonly image: string;
  /** Systemd starts it, and podman writes its id to this file; absent: nobody but podman starts it again. */
  readonly idFile?: string;
}

/** So often podman starts one again that ended with an error; then the agent does, at its next look. */
const mostRestarts = 5;
const logBytes = 8 * 1024 * 1024;

/** The arguments of `podman` that start a container. Pure. */
export function runArguments(spec: ContainerSpec, places: RunPlaces): string[] {
  const marks = {
    [labels.state]: stateMark(places.root),
    [labels.component]: spec.component,
    [labels.tree]: spec.tree,
    [labels.fingerprint]: spec.fingerprint,
    [labels.sealed]: String(spec.hasSealed),
    ...(places.idFile === undefined ? {} : { [labels.unit]: unitMark(places.root, spec.component) }),
  };
  return [
    'run',
    '--detach',
    '--pull=never',
    `--name=${containerName(spec.component)}`,
    ...Object.entries(marks).map(([name, value]) => `--label=${name}=${value}`),
    ...(places.idFile === undefined ? byPodman(places) : bySystemd(places.idFile)),
    `--stop-timeout=${stopSeconds(spec.stopTimeoutMs)}`,
    // The agent's own proxy, with whatever stands in its address, is not the container's.
    '--http-proxy=false',
    '--security-opt=no-new-privileges',
    `--network=${spec.network}`,
    ...spec.ports.map(portArgument),
    ...confinement(spec),
    ...spec.volumes.map((volume) => volumeArgument(volume, places)),
    ...secretArguments(spec, places),
    ...Object.entries(spec.environment).map(([name, value]) => `--env=${name}=${value}`),
    ...(spec.entrypoint === null ? [] : [`--entrypoint=${JSON.stringify(spec.entrypoint)}`]),
    places.image,
    ...spec.command,
  ];
}

function byPodman({ log }: RunPlaces): string[] {
  return [
    `--restart=on-failure:${mostRestarts}`,
    '--log-driver=k8s-file',
    `--log-opt=path=${log}`,
    `--log-opt=max-size=${logBytes}`,
  ];
}

/** conmon stays in the unit, and tells systemd that it is the unit's process. */
function bySystemd(idFile: string): string[] {
  return [`--cidfile=${idFile}`, '--sdnotify=conmon', '--cgroups=no-conmon', '--log-driver=journald'];
}

/** podman counts whole seconds. Pure. */
function stopSeconds(stopTimeoutMs: number): number {
  return Math.ceil(stopTimeoutMs / 1000);
}

function portArgument({ address, host, container, protocol }: ContainerSpec['ports'][number]): string {
  const at = address === null ? '' : address.includes(':') ? `[${address}]:` : `${address}:`;
  return `--publish=${at}${host}:${container}/${protocol}`;
}

function confinement({ user, readOnly, capabilities, limits }: ContainerSpec): string[] {
  const { memoryBytes, cpuPercent, processes } = limits;
  return [
    ...(user === null ? [] : [`--user=${user}`]),
    ...(readOnly ? ['--read-only'] : []),
    ...(capabilities === null ? [] : ['--cap-drop=all', ...capabilities.map((name) => `--cap-add=${name}`)]),
    ...(memoryBytes === undefined ? [] : [`--memory=${memoryBytes}b`]),
    ...(cpuPercent === undefined ? [] : [`--cpus=${cpuPercent / 100}`]),
    ...(processes === undefined ? [] : [`--pids-limit=${processes}`]),
  ];
}

/** `Z` gives it the container's label where SELinux is on, and says nothing elsewhere; `U` gives it its user. */
function volumeArgument(
  { data, at, readOnly }: ContainerSpec['volumes'][number],
  { data: folder, newVolumes }: RunPlaces,
): string {
  const options = [readOnly ? 'ro' : 'rw', 'Z', ...(newVolumes.has(data) ? ['U'] : [])];
  return `--volume=${folder}/${data}:${at}:${options.join(',')}`;
}

function secretArguments({ secretFiles }: ContainerSpec, { secrets }: RunPlaces): string[] {
  if (secrets === null) return [];
  return Object.keys(secretFiles).map((name) => `--volume=${secrets}/${name}:/run/secrets/${name}:ro,Z`);
}
