import { compareVersions, type Version } from '@xylem/core';
import type { Offered } from './origin.ts';

/** What the root server has of a product. */
export interface Present {
  /** Of the offered version: when its release was made; null: there is none. */
  readonly releasedMs: number | null;
  /** The channel that should follow; null: it was never set. */
  readonly channel: { readonly version: Version; readonly setMs: number } | null;
}

export type Doing =
  /** Nothing to do, and why. */
  | { readonly kind: 'nothing'; readonly why: string }
  | { readonly kind: 'release' }
  /** The release is there; whoever made it did not come to this. */
  | { readonly kind: 'channel' };

/** The newest version that a source has, or null. */
export function newestOf(offered: readonly Offered[], prereleases: boolean): Offered | null {
  const [newest] = offered
    .filter(({ version }) => prereleases || !version.includes('-'))
    .toSorted((a, b) => compareVersions(b.version, a.version));
  return newest ?? null;
}

/**
 * What is to be done about the newest version of a source. A channel is only ever moved forward, and never again to a
 * release that it could have been moved to before: who set it to something else since then meant it.
 */
export function doingAbout(newest: Offered | null, present: Present, follows: boolean): Doing {
  if (newest === null) return { kind: 'nothing', why: 'the source has no version' };
  const { version } = newest;
  const { releasedMs, channel } = present;
  if (follows && channel !== null && compareVersions(version, channel.version) < 0) {
    const why = `the channel is at ${channel.version}, which is newer than ${version}: to go back, use \`xylem rollback\``;
    return { kind: 'nothing', why };
  }
  if (releasedMs === null) return { kind: 'release' };
  if (!follows || channel?.version === version) return { kind: 'nothing', why: `${version} is released` };
  if (channel === null || channel.setMs < releasedMs) return { kind: 'channel' };
  const why = `the channel was set to ${channel.version} after ${version} was released, and stays there`;
  return { kind: 'nothing', why };
}
