import { sha256 } from '@xylem/core';
import type { Accepted } from './wanted.ts';

/** Texts that differ where what direction says to this host does. */
export interface Told {
  readonly atOnce: string;
  /** What there is to be done about: it is reported with what came of that. */
  readonly work: string;
}

/**
 * What accepted direction says to this host, other texts where the root server may wait for a word about it
 * (docs/spec/reports.md, What a host reports at once). Not in them: where that stands (number, versions), and that a
 * deployment is over, so that its words of the last one are remembered.
 */
export function toldOf(): (accepted: Accepted | null) => Told {
  const deployments = new Map<string, string>();
  let last: { readonly of: Accepted | null; readonly told: Told } = {
    of: null,
    told: { atOnce: '', work: '' },
  };
  return (accepted) => {
    if (accepted !== null && accepted !== last.of)
      last = { of: accepted, told: textsOf(accepted, deployments) };
    return last.told;
  };
}

function textsOf(accepted: Accepted, deployments: Map<string, string>): Told {
  const { number: _n, snapshot: _s, releases: _r, floors: _f, components, moments, ...rest } = accepted;
  const switches = components.map(({ component, switched }) => ({ component, switched }));
  const placed = components.map((one) => {
    const { component, package: digest, tree, configDigest, retry, deployment } = one;
    if (deployment !== null) deployments.set(component, deployment);
    return { component, digest, tree, configDigest, retry, deployment: deployments.get(component) };
  });
  return {
    atOnce: sha256(JSON.stringify({ ...rest, switches, moments: [moments?.policy, moments?.host] })),
    work: sha256(JSON.stringify(placed)),
  };
}
