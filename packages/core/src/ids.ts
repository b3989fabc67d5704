declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: { readonly [Key in Name]: true } };

/** SHA-256 as 64 lower-case hexadecimal digits. */
export type Digest = Branded<'Digest'>;
/** First 32 hexadecimal digits of the SHA-256 of the host's first public key. */
export type HostId = Branded<'HostId'>;
/** First 32 hexadecimal digits of the SHA-256 of the repository's `1.root.json`. */
export type RepositoryId = Branded<'RepositoryId'>;
/** The id of the environment's direction repository: an environment id is usable as a `RepositoryId`. */
export type EnvironmentId = Branded<'RepositoryId' | 'EnvironmentId'>;
/** 32 hexadecimal digits: what an entitlement is given for. */
export type DomainId = Branded<'DomainId'>;
/** Opaque, at most 64 characters of `[A-Za-z0-9-]`. */
export type DeploymentId = Branded<'DeploymentId'>;

const hex32 = /^[0-9a-f]{32}$/;
const hex64 = /^[0-9a-f]{64}$/;

export const isDigest = (text: string): text is Digest => hex64.test(text);
export const isHostId = (text: string): text is HostId => hex32.test(text);
export const isEnvironmentId = (text: string): text is EnvironmentId => hex32.test(text);
