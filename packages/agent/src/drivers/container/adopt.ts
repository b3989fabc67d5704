import { access, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { XylemError } from '@xylem/core';
import type { AdoptSource } from '../../adopt/adoptions.ts';
import type { Difference } from '../../adopt/differences.ts';
import type { DriverAdoption, DriverTools } from '../driver.ts';
import { containerDifferences } from './adopt-compare.ts';
import { layOut, removeLaidOut } from './adopt-image.ts';
import { type InspectedContainer, inspectContainer, isOfAgent, unitOfContainer } from './adopt-inspected.ts';
import { mountDifferences, secretDifferences } from './adopt-mounts.ts';
import { inspectTwin, removeTwin } from './adopt-twin.ts';
import { writtenDifferences } from './adopt-written.ts';
import { adoptedAs, adoptedFile } from './adopted.ts';
import { findContainers } from './containers.ts';
import { readImageLayout } from './image-layout.ts';
import { componentNamed, containerName, containerPlaces, imageName } from './names.ts';
import { PodmanFailure, podman } from './podman.ts';
import { containerSpec, openedFiles } from './spec.ts';

/** A container goes on as it is, under another name; the next start makes one of Xylem's own in its place. */
export const adoptContainer: DriverAdoption = {
  keeps: ['switch', 'probe', 'commit', 'retire'],
  refusal: (_target, { container, unit }) => {
    if (unit !== null)
      return 'it is of kind container: name the container, and no unit of systemd (--container)';
    return container === null
      ? 'neither its package nor the order says which container it is (adopt.container, --container)'
      : null;
  },
  found: async (_target, { container }, { signal }) => {
    if (container === null) return [];
    const seen = await inspectContainer(container, signal);
    return [`the container ${container} is ${seen?.State.Status ?? 'not there'}`];
  },
  compare,
  layOut: async (component, source, tools) => {
    const running = await containerOf(component, source, tools);
    return running === null ? null : await layOut(component, running.Image, tools);
  },
  clearLaidOut: async (_component, tools) => await removeLaidOut(tools),
  takeOver: async (target, source, tools) => {
    const { component, tree } = target;
    const running = await containerOf(component, source, tools);
    if (running === null) throw gone(component, source);
    const { layout } = tools;
    const { Id: id, Name: name } = running;
    const { fingerprint, hasSealed } = containerSpec(target, tools);
    await mkdir(layout.component(component).data, { recursive: true, mode: 0o700 });
    const file = adoptedFile(component, layout);
    // From here on podman is asked about this component.
    await mkdir(dirname(file.path), { recursive: true, mode: 0o700 });
    const before = await file.read();
    const called = before?.id === id ? before.name : name;
    // Before it is renamed: its name is found again by this alone.
    await file.write({ id, name: called, tree, fingerprint, sealed: hasSealed });
    const { signal } = tools;
    await podman('naming an image', ['tag', running.Image, imageName(layout.root, component, tree)], {
      signal,
    });
    await rename(running, containerName(component), signal);
  },
  giveBack: async (component, tools) => {
    const { layout, signal } = tools;
    await removeLaidOut(tools);
    const folder = join(containerPlaces(layout).components, component);
    const has = await access(folder).then(
      () => true,
      () => false,
    );
    if (!has) return;
    await removeTwin(component, tools);
    const adopted = await adoptedFile(component, layout).read();
    const running = adopted === null ? null : await inspectContainer(adopted.id, signal);
    if (running !== null && adopted !== null) return await rename(running, adopted.name, signal);
    if ((await findContainers(layout.root, [component], signal)).length === 0) return;
    const why = `${component} runs in a container of Xylem's own by now: there is nothing that could go on without it.`;
    throw new XylemError('E_CONFLICT', why);
  },
};

async function compare(
  ...[target, source, tools]: Parameters<DriverAdoption['compare']>
): Promise<Difference[]> {
  const { component } = target;
  const { layout, signal } = tools;
  const running = await containerOf(component, source, tools);
  const path = `the container ${source.container}`;
  if (running === null) return [{ path, what: 'is not there' }];
  if (running.State.Status !== 'running') return [{ path, what: 'does not run' }];
  if (isOfAgent(running) || (await isAnothers(running, component, layout.root))) {
    throw new XylemError('E_ADOPT_DENIED', `${source.container} can't be adopted: it is an agent's already.`);
  }
  const unit = unitOfContainer(running);
  const found: Difference[] = [];
  if (unit !== null) found.push({ path: `its unit ${unit}`, what: 'would start it again beside this agent' });
  const own = layout.component(component);
  const tree = own.tree(target.tree);
  const isInPlace = await access(tree).then(
    () => true,
    () => false,
  );
  if (isInPlace && (await readImageLayout(tree, component)).id !== running.Image)
    found.push({ path: 'its image', what: 'is another' });
  const spec = containerSpec(target, tools);
  const files = openedFiles(target, tools, await tools.secrets.open(target));
  found.push(...containerDifferences(running, await inspectTwin(spec, running.Image, tools)));
  found.push(...(await mountDifferences(running, spec, own.data)));
  found.push(...(await secretDifferences(running.State.Pid, files)));
  found.push(...(await writtenDifferences(running, source.apart, signal)));
  return found;
}

/** The one that is to be adopted, also where an attempt that was cut off has renamed it. */
async function containerOf(
  component: string,
  { container }: AdoptSource,
  { layout, signal }: DriverTools,
): Promise<InspectedContainer | null> {
  const adopted = await adoptedFile(component, layout).read();
  const begun = adopted === null ? null : await inspectContainer(adopted.id, signal);
  if (begun !== null || container === null) return begun;
  return await inspectContainer(container, signal);
}

/** One that this agent adopted as another component has no label that would say so. */
async function isAnothers(
  { Id, Name }: InspectedContainer,
  component: string,
  root: string,
): Promise<boolean> {
  const other = componentNamed(Name);
  return other !== null && other !== component && (await adoptedAs(root, other, Id)) !== null;
}

async function rename({ Id, Name }: InspectedContainer, to: string, signal: AbortSignal): Promise<void> {
  if (Name === to) return;
  try {
    await podman(`renaming ${Name}`, ['rename', Id, to], { signal });
  } catch (error) {
    if (!(error instanceof PodmanFailure) || !/already in use/.test(error.output)) throw error;
    const message = `Another container has the name ${to}; remove or rename it. ${error.output}`;
    throw new XylemError('E_PODMAN', message, { cause: error });
  }
}

function gone(component: string, { container }: AdoptSource): XylemError {
  return new XylemError(
    'E_ADOPT_DIFFERS',
    `${component} was not adopted: ${container} was removed meanwhile.`,
  );
}
