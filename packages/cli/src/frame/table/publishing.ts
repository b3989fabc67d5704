import type { TableEntry } from './entry.ts';

/** Commands of publishers: packages, products, releases, channels. */
export const publishingTable: readonly TableEntry[] = [
  {
    path: 'package init',
    summary: 'Write a first xylem.yaml for a folder',
    load: () => import('../../commands/package/init.ts'),
  },
  {
    path: 'package publish',
    summary: 'Make a folder a package version that you vouch for',
    load: () => import('../../commands/package/publish.ts'),
  },
  {
    path: 'package list',
    summary: 'Packages of a product',
    load: () => import('../../commands/package/list.ts'),
  },
  {
    path: 'product create',
    summary: 'Create a product and the key that signs it',
    load: () => import('../../commands/product/create.ts'),
  },
  {
    path: 'product list',
    summary: 'Products',
    load: () => import('../../commands/product/list.ts'),
  },
  {
    path: 'product floor',
    summary: 'Raise the lowest version that hosts still take',
    load: () => import('../../commands/product/floor.ts'),
  },
  {
    path: 'product waypoint',
    summary: 'Say that a release must be passed through',
    load: () => import('../../commands/product/waypoint.ts'),
  },
  {
    path: 'product dead-end',
    summary: 'Say that no update leads on from some versions',
    load: () => import('../../commands/product/dead-end.ts'),
  },
  {
    path: 'product downgrade',
    summary: 'Say which steps back to older releases hosts take',
    load: () => import('../../commands/product/downgrade.ts'),
  },
  {
    path: 'product graph',
    summary: 'Which ways lead from one release to another',
    load: () => import('../../commands/product/graph.ts'),
  },
  {
    path: 'release create',
    summary: 'Sign a set of packages as a release',
    load: () => import('../../commands/release/create.ts'),
  },
  {
    path: 'release list',
    summary: 'Releases of a product, newest first',
    load: () => import('../../commands/release/list.ts'),
  },
  {
    path: 'release show',
    summary: 'One release with its packages',
    load: () => import('../../commands/release/show.ts'),
  },
  {
    path: 'release delegate',
    summary: 'Let a build sign releases by a key of its own, for a time',
    load: () => import('../../commands/release/delegate.ts'),
  },
  {
    path: 'release attest',
    summary: 'Attach signed statements about a release: provenance, tests, scans',
    load: () => import('../../commands/release/attest.ts'),
  },
  {
    path: 'release retire',
    summary: 'Let go of old releases: hosts keep them, none takes them anew',
    load: () => import('../../commands/release/retire.ts'),
  },
  {
    path: 'release withdraw',
    summary: 'Say that a release must not be installed',
    load: () => import('../../commands/release/withdraw.ts'),
  },
  {
    path: 'release quarantine',
    summary: 'Keep a release from the hosts of environments',
    load: () => import('../../commands/release/quarantine.ts'),
  },
  {
    path: 'release lift',
    summary: "Lift a quarantine with an operator's key",
    load: () => import('../../commands/release/lift.ts'),
  },
  {
    path: 'release restore',
    summary: 'Vouch for a withdrawn or retired release again',
    load: () => import('../../commands/release/restore.ts'),
  },
  {
    path: 'channel set',
    summary: 'Point a channel to a release',
    load: () => import('../../commands/channel/set.ts'),
  },
  {
    path: 'channel list',
    summary: 'Channels of a product',
    load: () => import('../../commands/channel/list.ts'),
  },
  {
    path: 'source sync',
    summary: 'Release the newest version of a source, if that is not done',
    load: () => import('../../commands/source/sync.ts'),
  },
  {
    path: 'source watch',
    summary: 'Release new versions of sources as they come',
    load: () => import('../../commands/source/watch.ts'),
  },
];
