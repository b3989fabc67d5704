import { type Static, Type } from 'typebox';
import { Count, DigestText, Name, Nullable, Strict, Time } from './common.ts';

export const PatchesQuery = Strict({ product: Type.Optional(Name) });

const bytes = (description: string) => Type.Integer({ minimum: 0, description });

export const Patches = Strict({
  patches: Type.Array(
    Strict({
      product: Name,
      component: Name,
      from: Type.String({ description: 'the version that hosts run' }),
      to: Type.String({ description: 'that they are directed to, or the newest' }),
      fromTree: DigestText,
      toTree: DigestText,
      state: Type.Enum(['queued', 'made', 'useless', 'failed'], {
        description: 'useless: for too few hosts, or hardly smaller than what goes without it',
      }),
      hosts: { ...Count, description: 'that run `from`, as they reported' },
      wentOver: { ...Count, description: 'that left `from` since the patch was made' },
      taken: { ...Count, description: 'that came by the patch, as they reported; once more for each time' },
      chunkBytes: bytes('what goes to each of them without a patch'),
      patch: Nullable(DigestText),
      sizeBytes: Nullable(bytes('of the patch')),
      savedBytes: bytes('for each that came by the patch: what came to it, less than `chunkBytes`'),
      cpuSeconds: Nullable(Type.Number({ minimum: 0, description: 'that making it took' })),
      peakRssMb: Nullable(Type.Number({ minimum: 0 })),
      fault: Nullable(Type.String({ description: 'of the last attempt' })),
      wanted: Time,
      made: Nullable(Time),
    }),
  ),
});
export type Patches = Static<typeof Patches>;
