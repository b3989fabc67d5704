import { sha256 } from '@xylem/core';
import type { StateLayout } from '../../state/layout.ts';

/** By these labels a state folder knows its own containers. */
export const labels = {
  state: 'xylem.state',
  component: 'xylem.component',
  tree: 'xylem.tree',
  fingerprint: 'xylem.fingerprint',
  sealed: 'xylem.sealed',
  /** Of what a unit of systemd starts: both of the first two at once. */
  unit: 'xylem.unit',
} as const;

/** Names a state folder in podman's store, which several may share. Pure. */
export function stateMark(root: string): string {
  return sha256(root).slice(0, 16);
}

/** Of a component's container: one at a time. Pure. */
export function containerName(component: string): string {
  return `xylem-${component}`;
}

/** The other way round; null for a name of others. Pure. */
export function componentNamed(name: string): string | null {
  const prefix = containerName('');
  return name.startsWith(prefix) ? name.slice(prefix.length) : null;
}

/** The value of the label `xylem.unit`. Pure. */
export function unitMark(root: string, component: string): string {
  return `${stateMark(root)}/${component}`;
}

/** What the names of all images of a component begin with. Pure. */
export function imagePrefix(root: string, component: string): string {
  return `localhost/xylem-${stateMark(root)}/${component}/`;
}

/** The image that a tree holds, as it is called in podman's store. Pure. */
export function imageName(root: string, component: string, tree: string): string {
  return `${imagePrefix(root, component)}${tree}:latest`;
}

/** What the driver keeps of its own below the state folder. Pure. */
export function containerPlaces({ root, containers }: StateLayout) {
  return {
    /** A folder for each component of which podman may have something. */
    components: `${containers}/components`,
    /** What the unit of a component's container hands to podman. */
    argumentsFile: (component: string) => `${containers}/components/${component}/arguments.env`,
    /** podman names what it loads after the path that it is given: so the path, below this folder, is the name. */
    load: `${containers}/load`,
    loadPath: (component: string, tree: string) => `xylem-${stateMark(root)}/${component}/${tree}`,
    temporary: `${containers}/tmp`,
    /** Where an image of this host is laid out whose container is adopted. */
    laidOut: `${containers}/laid-out`,
  };
}
