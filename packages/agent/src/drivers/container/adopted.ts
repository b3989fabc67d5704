import { join } from 'node:path';
import { silentLog } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../../state/json-file.ts';
import { type StateLayout, stateLayout } from '../../state/layout.ts';
import { containerPlaces } from './names.ts';

/**
 * A container that others made and this agent took over. A container's labels can't be changed while it lives, so what
 * they would say stands here, with its id: it counts while a container with that id has the component's name.
 */
export interface AdoptedContainer {
  /** podman's, 64 hexadecimal digits. */
  readonly id: string;
  /** What it was called before. */
  readonly name: string;
  readonly tree: string;
  readonly fingerprint: string;
  readonly sealed: boolean;
}

/** Where the driver keeps it: it goes with the component's folder there, after what podman has of the component. */
export function adoptedFile(component: string, layout: StateLayout): JsonFile<AdoptedContainer> {
  const path = join(containerPlaces(layout).components, component, 'adopted.json');
  // Damaged, it is set aside, and the container counts as one of others: it is left alone.
  return jsonFile(path, 'xylem-adopted-container-1', parse, silentLog);
}

/** Null where this very container was not adopted. */
export async function adoptedAs(
  root: string,
  component: string,
  id: string,
): Promise<AdoptedContainer | null> {
  const adopted = await adoptedFile(component, stateLayout(root)).read();
  return adopted?.id === id ? adopted : null;
}

function parse({ id, name, tree, fingerprint, sealed }: Record<string, unknown>): AdoptedContainer {
  const texts = [id, name, tree, fingerprint];
  if (!texts.every((text) => typeof text === 'string' && text !== '')) throw new Error('incomplete');
  return {
    id: String(id),
    name: String(name),
    tree: String(tree),
    fingerprint: String(fingerprint),
    sealed: sealed === true,
  };
}
