import type { DriverTools } from '../driver.ts';
import { type InspectedContainer, inspectContainer } from './adopt-inspected.ts';
import { stateMark } from './names.ts';
import { podman } from './podman.ts';
import { runArguments } from './run-arguments.ts';
import type { ContainerSpec } from './spec.ts';

/** No component's own container can be called so. Pure. */
function twinName(root: string, component: string): string {
  return `xylem.compared.${stateMark(root)}.${component}`;
}

/**
 * How podman on this host, with its configuration and the image's, would start the container of a package: one is made,
 * looked at and removed again; it never starts. Volumes and secret files, whose places would have to be there, are left
 * out, and compared one by one.
 * @param image podman's id of it
 * @throws PodmanFailure
 */
export async function inspectTwin(
  spec: ContainerSpec,
  image: string,
  tools: DriverTools,
): Promise<InspectedContainer> {
  const { layout, signal } = tools;
  const { component } = spec;
  const own = layout.component(component);
  const name = twinName(layout.root, component);
  const places = {
    root: layout.root,
    data: own.data,
    log: own.log,
    secrets: null,
    newVolumes: new Set<string>(),
    image,
  };
  const started = runArguments({ ...spec, volumes: [], secretFiles: {} }, places);
  const at = started.indexOf(image);
  const options = started.slice(1, at).filter((word) => word !== '--detach' && !/^--(name|log-)/.test(word));
  // Also what one that was killed left.
  await removeTwin(component, tools);
  try {
    await podman(
      `comparing the container of ${component}`,
      ['create', `--name=${name}`, ...options, ...started.slice(at)],
      { signal },
    );
    const twin = await inspectContainer(name, signal);
    if (twin !== null) return twin;
    throw new Error('it was removed by somebody else');
  } finally {
    await removeTwin(component, tools).catch((cause: unknown) => {
      tools.log.warn('a container made to compare is left', { component, name, cause });
    });
  }
}

export async function removeTwin(component: string, { layout }: Pick<DriverTools, 'layout'>): Promise<void> {
  const name = twinName(layout.root, component);
  await podman('removing what was compared', ['rm', '--force', '--ignore', '--volumes', name]);
}
