import { type Platform, variantFor } from '../direction/variant.ts';
import type { PackageDocument } from '../wire/package/document.ts';
import type { ReportedComponent } from '../wire/report.ts';
import type { HostCount } from './deployment.ts';
import { hostCount } from './standing.ts';

/** So much a host wants to have free for any change, and this times the size for what it does not have at all. */
const marginBytes = 8 * 1024 * 1024;
const firstTimes = 1.02;

/** What a host that takes part says of itself. */
export interface DiskHost {
  readonly name: string;
  /** Free bytes by a report that is not too old; null: not known. */
  readonly free: number | null;
  /** Null: it does not say. */
  readonly platform: Platform | null;
  readonly reported: readonly Pick<ReportedComponent, 'component' | 'package'>[];
  /** What it would be given, by component. */
  readonly given: ReadonlyMap<
    string,
    { readonly package: string; readonly document: Pick<PackageDocument, 'variants'> }
  >;
}

export interface DiskSeen {
  /** Hosts that something comes to. */
  readonly coming: number;
  readonly short: readonly { readonly name: string; readonly free: number; readonly needed: number }[];
  readonly unknown: number;
  /** So many may lack room. */
  readonly allowed: number;
}

/**
 * Which hosts lack the room that they themselves reserve before they begin: for what they don't have the whole of it,
 * for what they update a margin alone, since what they can share with what is there only they find out. Pure.
 */
export function diskSeen(hosts: readonly DiskHost[], maxUnavailable: HostCount): DiskSeen {
  const short: DiskSeen['short'][number][] = [];
  let coming = 0;
  let unknown = 0;
  for (const host of hosts) {
    const needed = reservedBy(host);
    if (needed === null) continue;
    coming += 1;
    if (host.free === null) unknown += 1;
    else if (host.free < needed) short.push({ name: host.name, free: host.free, needed });
  }
  short.sort((a, b) => a.free - a.needed - (b.free - b.needed) || (a.name < b.name ? -1 : 1));
  return { coming, short, unknown, allowed: hostCount(maxUnavailable, coming) };
}

/** Null: nothing comes to it. */
function reservedBy({ given, reported, platform }: DiskHost): number | null {
  let needed: number | null = null;
  for (const [component, { package: digest, document }] of given) {
    const has = reported.find((one) => one.component === component);
    const variant = platform === null ? smallest(document) : variantFor(document, platform);
    if (has?.package === digest || variant === null) continue;
    needed = (needed ?? marginBytes) + (has === undefined ? Math.ceil(variant.sizeBytes * firstTimes) : 0);
  }
  return needed;
}

/** What it takes at least, where the host does not say which it would take. */
function smallest({ variants }: Pick<PackageDocument, 'variants'>) {
  const [first] = [...variants].sort((a, b) => a.sizeBytes - b.sizeBytes);
  return first ?? null;
}
