import type { Digest } from '@xylem/core';
import { channelTarget } from '@xylem/trust';
import type { Api } from '../../api/client.ts';

/** Hosts that report a component of a withdrawn release. */
export interface Running {
  readonly product: string;
  readonly environment: string;
  readonly component: string;
  readonly version: string;
  readonly hosts: number;
  /** The first of them. */
  readonly names: readonly string[];
}

/** Which hosts run packages that only withdrawn releases hold, from what hosts report. */
export async function hostsThatRun(
  api: Api,
  gone: ReadonlyMap<string, ReadonlyMap<Digest, string>>,
): Promise<Running[]> {
  const found: Running[] = [];
  for (const [product, releases] of gone) {
    const all = (await api.call('releaseList', { params: { product } })).releases;
    const names = (isGone: boolean): Set<string> =>
      new Set(
        all
          .filter(({ release }) => releases.has(release as Digest) === isGone)
          .flatMap(({ packages }) => packages.map(({ component, version }) => `${component}@${version}`)),
      );
    const [bad, good] = [names(true), names(false)];
    const { environments } = await api.call('where', { params: { product } });
    for (const { environment, components } of environments) {
      for (const { component, versions } of components) {
        for (const { version, hosts, names: shown } of versions) {
          const name = `${component}@${version}`;
          if (!bad.has(name) || good.has(name)) continue;
          found.push({ product, environment: environment.name, component, version, hosts, names: shown });
        }
      }
    }
  }
  return found;
}

/** The release that each channel, by its target path, points to. */
export async function channelsOf(
  api: Api,
  products: readonly string[],
): Promise<ReadonlyMap<string, Digest>> {
  const found = new Map<string, Digest>();
  for (const product of products) {
    const { channels } = await api.call('channelList', { params: { product } });
    for (const { channel, release } of channels) {
      found.set(channelTarget(product, channel), release as Digest);
    }
  }
  return found;
}
