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
export type StoreCollected = Static<typeof StoreCollected>;
