import { type Static, Type } from 'typebox';
import { Count, Name, Strict } from './common.ts';

export const StoreCollect = Strict({
  dryRun: Type.Optional(Type.Boolean({ description: 'say what would go, change nothing' })),
  keptDays: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 3650, description: 'what is younger stays; 7 if absent' }),
  ),
});
export const StoreCollected = Strict({
  packages: Type.Array(Strict({ product: Name, component: Name, version: Type.String() }), {
    description: 'whose content is removed; they stay known, and come back when they are published again',
  }),
  trees: Count,
  packs: Count,
  bytes: { ...Count, description: 'of packs and objects' },
  removed: Type.Boolean({ description: 'false: by a dry run' }),
});
const Bytes = Type.Integer({ minimum: 0 });

export const StoreShown = Strict({
  products: Type.Array(
    Strict({
      product: Name,
      packages: Count,
      trees: Count,
      treeBytes: { ...Bytes, description: 'all files of all trees' },
      contentBytes: { ...Bytes, description: 'of these what differs, before it is compressed' },
      storedBytes: { ...Bytes, description: 'on the disk, patches and files that packages name included' },
      sharedBytes: { ...Bytes, description: 'of what is stored, in files that other products have too' },
      patchBytes: { ...Bytes, description: 'of what is stored' },
      quotaBytes: Type.Union([Bytes, Type.Null()]),
    }),
  ),
});
export type StoreShown = Static<typeof StoreShown>;

export const StoreOfProduct = Strict({
  product: Name,
  storedBytes: Bytes,
  patchBytes: Bytes,
  otherBytes: { ...Bytes, description: 'what no package names: of publishing that goes on or broke off' },
  quotaBytes: Type.Union([Bytes, Type.Null()]),
  packages: Type.Array(
    Strict({
      component: Name,
      version: Type.String(),
      treeBytes: Bytes,
      broughtBytes: { ...Bytes, description: 'stored with it, and with none before it' },
    }),
    { description: 'those that brought most first' },
  ),
});
export type StoreOfProduct = Static<typeof StoreOfProduct>;

export const Quota = Strict({
  bytes: Type.Union([Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()]),
});
export const QuotaSet = Strict({ product: Name, quotaBytes: Type.Union([Bytes, Type.Null()]) });
export type StoreCollected = Static<typeof StoreCollected>;
