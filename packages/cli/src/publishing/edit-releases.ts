import type { Digest, Version } from '@xylem/core';
import type { Release } from '@xylem/root/contract';
import { type ProductRoleContent, releaseTarget, type TargetDigest } from '@xylem/trust';
import type { Api } from '../api/client.ts';
import type { Invocation } from '../frame/define.ts';
import { readDuration } from '../frame/duration.ts';
import { withoutWaypointsBelow } from './edit-transitions.ts';
import { changeRole, type SignedRoles } from './product-role.ts';

/** What an edit made true that was not before; null: it was so already, and nothing was signed. */
export type Edited = Awaited<ReturnType<typeof sendEdit>> | null;

/** Signs what a product's role says about releases that are there, and sends it. */
export async function editReleases(
  { home, clock, randomness, signal }: Pick<Invocation, 'home' | 'clock' | 'randomness' | 'signal'>,
  api: Api,
  product: string,
  edit: (present: ProductRoleContent) => ProductRoleContent,
): Promise<Edited> {
  const { keysFolder } = home;
  return await changeRole(
    { api, product, keysFolder, clock, randomness, signal },
    edit,
    (roles) => sendEdit(api, product, roles),
    async () => null,
  );
}

const sendEdit = (api: Api, product: string, roles: SignedRoles) =>
  api.call('productRolesPut', { params: { product }, body: { roles }, timeoutMs: 300_000 });

/** Without these releases; a withdrawal of what nobody vouches for says nothing more. */
export function retire(content: ProductRoleContent, product: string, digests: readonly string[]) {
  const gone = new Set(digests);
  const targets = new Set(digests.map((digest) => releaseTarget(product, digest)));
  return {
    ...content,
    releases: new Map([...content.releases].filter(([target]) => !targets.has(target))),
    withdrawn: (content.withdrawn ?? []).filter((digest) => !gone.has(digest)),
  };
}

export function withdraw(content: ProductRoleContent, digest: string): ProductRoleContent {
  return { ...content, withdrawn: [...new Set([...(content.withdrawn ?? []), digest as Digest])] };
}

/** Vouched for again, and not withdrawn. */
export function restore(
  content: ProductRoleContent,
  product: string,
  released: TargetDigest,
): ProductRoleContent {
  return {
    ...content,
    releases: new Map([...content.releases, [releaseTarget(product, released.sha256), released]]),
    withdrawn: (content.withdrawn ?? []).filter((digest) => digest !== released.sha256),
  };
}

export function withFloor(content: ProductRoleContent, floor: string): ProductRoleContent {
  return { ...withoutWaypointsBelow(content, floor as Version), floor: floor as Version };
}

export interface Bounds {
  /** So many of the newest versions stay. */
  readonly keep: number | undefined;
  /** Only what was issued before, milliseconds since 1970. */
  readonly beforeMs: number | undefined;
}

/**
 * Which live releases a publisher lets go of, given newest version first. What a channel points to, or an environment
 * runs or would go back to, stays.
 */
export function outdated(releases: readonly Release[], { keep, beforeMs }: Bounds): readonly Release[] {
  return releases
    .filter(({ retired }) => !retired)
    .filter((release, index) => {
      const isOver = keep === undefined || index >= keep;
      const isOld = beforeMs === undefined || Date.parse(release.issued) < beforeMs;
      return isOver && isOld && !release.inUse;
    });
}

/** `36h`, `90d`, `26w` in milliseconds. @throws XylemError E_INPUT */
export const ageMs = (word: string, flag: string): number => readDuration(word, flag, ['h', 'd', 'w']) * 1000;
