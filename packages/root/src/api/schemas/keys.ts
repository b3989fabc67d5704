import { type Static, Type } from 'typebox';
import { Count, EnvironmentRef, MetadataText, Name, Strict, Time } from './common.ts';
import { RoleUploads, SignedRoleUpload } from './publishing.ts';

const RawKey = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$', description: 'a raw Ed25519 public key, b64u' });

/** Metadata that changes the vendor's keys; taken as one, or not at all. */
export const VendorChange = Strict({
  root: Type.Optional(SignedRoleUpload),
  targets: Type.Optional(SignedRoleUpload),
  products: Type.Array(Strict({ product: Name, roles: RoleUploads }), { maxItems: 1000 }),
});
export type VendorChange = Static<typeof VendorChange>;
export const VendorChanged = Strict({ rootVersion: Count, targetsVersion: Count });
export type VendorChanged = Static<typeof VendorChanged>;

const OnlineRole = Type.Enum(['snapshot', 'timestamp']);
export const ReleaseKeysAdd = Strict({ roles: Type.Array(OnlineRole, { minItems: 1, maxItems: 2 }) });
export const ReleaseKeysAdded = Strict({ keys: Type.Array(Strict({ role: OnlineRole, public: RawKey })) });

/** `held`: ids of the keys that the root server holds; `ends`: when what it signed last expires. */
export const EnvironmentKeys = Strict({
  environment: EnvironmentRef,
  roots: Type.Array(MetadataText, { description: 'root metadata, from version 1 on' }),
  held: Type.Array(Type.String()),
  ends: Strict({
    director: Type.Optional(Time),
    snapshot: Type.Optional(Time),
    timestamp: Type.Optional(Time),
  }),
});
export type EnvironmentKeys = Static<typeof EnvironmentKeys>;

/** `rotate`: roles that get a new key of the root server's; `root`: whose keys sign the root role afterwards. */
export const EnvironmentKeysNext = Strict({
  rotate: Type.Array(Type.Enum(['root', 'director', 'snapshot', 'timestamp']), { maxItems: 4 }),
  root: Type.Optional(
    Strict({
      keys: Type.Array(RawKey, { minItems: 1, maxItems: 32 }),
      threshold: Type.Integer({ minimum: 1, maximum: 32 }),
    }),
  ),
});
export type EnvironmentKeysNext = Static<typeof EnvironmentKeysNext>;
/** The next root, signed as far as the root server can; `base` is the version that it follows. */
export const EnvironmentRootDraft = Strict({ base: Count, metadata: MetadataText });
export const EnvironmentRootPut = Strict({ base: Count, metadata: MetadataText });
export type EnvironmentRootPut = Static<typeof EnvironmentRootPut>;
export const EnvironmentRootTaken = Strict({ version: Count });
