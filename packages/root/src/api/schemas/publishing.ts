import { type Static, Type } from 'typebox';
import { Count, DigestText, Id32, MetadataText, Name, Strict, Time, Version } from './common.ts';

/** What a vendor needs to sign its next targets metadata (the delegations to products). */
export const ReleaseRepository = Strict({
  repository: Id32,
  root: MetadataText,
  roots: Type.Array(MetadataText, { description: 'root metadata from version 2 on' }),
  targets: Strict({ version: Count, metadata: MetadataText }),
  snapshotVersion: Count,
});
export type ReleaseRepository = Static<typeof ReleaseRepository>;

/** A newly signed role. `baseVersion` is the version it was made from (0: none); another one there is a conflict. */
export const SignedRoleUpload = Strict({
  role: Type.String({ pattern: '^[a-z0-9-]+$', maxLength: 64 }),
  baseVersion: Count,
  metadata: MetadataText,
});
export type SignedRoleUpload = Static<typeof SignedRoleUpload>;
/** What `signProductRole` signed anew: the product's role, or bins of it, or both. */
export const RoleUploads = Type.Array(SignedRoleUpload, { minItems: 1, maxItems: 257 });

export const Product = Strict({
  product: Name,
  domain: Id32,
  repository: Id32,
  role: Type.String({ description: 'TUF role name: p-<domain>' }),
  roleVersion: Count,
  created: Time,
});
export type Product = Static<typeof Product>;

/** `targets` delegates to `p-<domain>`; `roles` is that role's first metadata, without targets. */
export const ProductCreate = Strict({
  product: Name,
  domain: Id32,
  targets: SignedRoleUpload,
  roles: RoleUploads,
});
export type ProductCreate = Static<typeof ProductCreate>;

/** The product's role and its bins as they are now. */
export const ProductRoles = Strict({
  product: Name,
  domain: Id32,
  roles: Type.Array(Strict({ role: Type.String(), version: Count, metadata: MetadataText })),
});
export type ProductRoles = Static<typeof ProductRoles>;

/** What a publisher signed about releases that are there. */
export const ProductRolesPut = Strict({ roles: RoleUploads });
export const ProductRolesChanged = Strict({
  retired: Type.Array(Version),
  withdrawn: Type.Array(Version),
  restored: Type.Array(Version),
  floor: Type.Union([Version, Type.Null()]),
});

export const ChunksKnown = Strict({ digests: Type.Array(DigestText, { maxItems: 20000 }) });
export const ObjectStored = Strict({ object: DigestText, created: Type.Boolean() });
export const PackStored = Strict({ pack: DigestText, created: Type.Boolean(), chunks: Count });

/** The chunks of the tree's own text, in order, all in packs uploaded before. */
export const TreeRegister = Strict({
  tree: DigestText,
  treeChunks: Type.Array(Type.Tuple([DigestText, Count]), { minItems: 1, maxItems: 65536 }),
});
export type TreeRegister = Static<typeof TreeRegister>;
export const TreeRegistered = Strict({
  tree: DigestText,
  files: Count,
  sizeBytes: Count,
  created: Type.Boolean(),
});
export type TreeRegistered = Static<typeof TreeRegistered>;

/** `document` is the package document's JCS text; its digest names it. */
export const PackageRegister = Strict({ document: Type.String({ maxLength: 1024 * 1024 }) });
export const Package = Strict({
  product: Name,
  component: Name,
  version: Version,
  package: DigestText,
  kind: Type.String(),
  created: Time,
});
export type Package = Static<typeof Package>;
export const PackageRegistered = Strict({ package: DigestText, created: Type.Boolean() });
export const PackageDetail = Strict({ ...Package.properties, document: Type.String() });

/** `document` is the release document's JCS text; `roles` sign it as target `release/<product>/<digest>.json`. */
export const ReleaseCreate = Strict({
  document: Type.String({ maxLength: 4 * 1024 * 1024 }),
  roles: RoleUploads,
});
export type ReleaseCreate = Static<typeof ReleaseCreate>;
export const Release = Strict({
  product: Name,
  version: Version,
  release: DigestText,
  issued: Time,
  notes: Type.String(),
  packages: Type.Array(
    Strict({ component: Name, version: Version, package: DigestText, after: Type.Array(Name) }),
  ),
  withdrawn: Type.Boolean(),
  retired: Type.Boolean({ description: 'in the record alone: the product role does not vouch for it' }),
  inUse: Type.Boolean({
    description: 'a channel points to it, or an environment runs it or would go back to it',
  }),
  created: Time,
});
export type Release = Static<typeof Release>;
export const ReleaseCreated = Strict({ release: DigestText, created: Type.Boolean(), roleVersion: Count });

/** `document` is the channel document's JCS text; `roles` sign it as target `channel/<product>/<name>.json`. */
export const ChannelSet = Strict({ document: Type.String({ maxLength: 65536 }), roles: RoleUploads });
export const Channel = Strict({
  product: Name,
  channel: Name,
  version: Version,
  release: DigestText,
  updated: Time,
});
export type Channel = Static<typeof Channel>;

export const ProductParams = Strict({ product: Name });
export const PackageParams = Strict({ product: Name, component: Name, version: Version });
export const PackageQuery = Strict({ component: Type.Optional(Name) });
export const ReleaseParams = Strict({ product: Name, version: Version });
export const ChannelParams = Strict({ product: Name, channel: Name });
export const ObjectParams = Strict({ product: Name, object: DigestText });
export const PackParams = Strict({ product: Name, pack: DigestText });
export const Products = Strict({ products: Type.Array(Product) });
export const Packages = Strict({ packages: Type.Array(Package) });
export const Releases = Strict({ releases: Type.Array(Release) });
export const Channels = Strict({ channels: Type.Array(Channel) });
export const Known = Strict({ known: Type.Array(DigestText) });
