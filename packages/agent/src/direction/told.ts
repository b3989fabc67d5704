import { sha256 } from '@xylem/core';
import type { Accepted } from './wanted.ts';

/**
 * Makes a text of what accepted direction says to this host, another one where the root server may wait for a word about
 * it (docs/spec/reports.md, What a host reports at once). Not in it: where that stands (number, versions), and that a
 * deployment is over, so that its words of the last one are remembered.
 */
export function toldOf(): (accepted: Accepted | null) => string {
  const deployments = new Map<string, string>();
  let last: { readonly of: Accepted | null; readonly text: string } = { of: null, text: '' };
  return (accepted) => {
    if (accepted !== null && accepted !== last.of)
      last = { of: accepted, text: textOf(accepted, deployments) };
    return last.text;
  };
}

function textOf(accepted: Accepted, deployments: Map<string, string>): string {
  const { number: _n, snapshot: _s, releases: _r, floors: _f, components, moments, ...rest } = accepted;
  const placed = components.map((one) => {
    const { component, package: digest, tree, configDigest, retry, switched, deployment } = one;
    if (deployment !== null) deployments.set(component, deployment);
    const newest = deployments.get(component);
    return { component, digest, tree, configDigest, retry, switched, deployment: newest };
  });
  return sha256(JSON.stringify({ ...rest, placed, moments: [moments?.policy, moments?.host] }));
}
