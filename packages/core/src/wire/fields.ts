import type { DeploymentId, Digest, DomainId, EnvironmentId, HostId, RepositoryId } from '../ids.ts';
import { integer, string } from '../schema/build.ts';
import type { Schema } from '../schema/json-schema.ts';
import type { Time } from '../time.ts';
import { type Version, versionPattern } from '../versions.ts';

/** The pieces that documents share (docs/spec/README.md, Conventions). */

export const namePattern = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';
const hex32 = '^[0-9a-f]{32}$';

export const digest: Schema<Digest> = string({
  title: 'a digest (64 lower-case hexadecimal digits)',
  pattern: '^[0-9a-f]{64}$',
});
export const hostId: Schema<HostId> = string({ title: 'a host id (32 hexadecimal digits)', pattern: hex32 });
export const repositoryId: Schema<RepositoryId> = string({
  title: 'a repository id (32 hexadecimal digits)',
  pattern: hex32,
});
export const environmentId: Schema<EnvironmentId> = string({
  title: 'an environment id (32 hexadecimal digits)',
  pattern: hex32,
});
export const domainId: Schema<DomainId> = string({
  title: 'a domain id (32 hexadecimal digits)',
  pattern: hex32,
});
export const deploymentId: Schema<DeploymentId> = string({
  title: 'a deployment id',
  pattern: '^[A-Za-z0-9-]{1,64}$',
});

export const name = string({
  title: 'a name (lower-case letters, digits and inner hyphens, at most 63)',
  pattern: namePattern,
});
export const environmentName = string({
  title: 'an environment name like "acme/production"',
  pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
});
export const version: Schema<Version> = string({
  title: 'a version like "2.4.0" (Semantic Versioning without build metadata)',
  pattern: versionPattern,
  maxLength: 100,
});
export const time: Schema<Time> = string({
  title: 'a time like "2026-11-21T03:28:06Z"',
  pattern: '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\dZ$',
});
// Classes without groups: V8 matches a repeated group on its stack, and megabytes of it overflow that.
export const b64u = string({
  title: 'base64url without padding',
  pattern: '^[A-Za-z0-9_-]*$',
  maxLength: 2 * 1024 * 1024,
});
export const base64 = string({
  title: 'standard base64',
  pattern: '^[A-Za-z0-9+/]*={0,2}$',
  maxLength: 2 * 1024 * 1024,
});
export const url = string({
  title: 'a URL that begins with https:// or http://',
  pattern: '^https?://[^\\s#?]+$',
  maxLength: 2048,
});
/** A label's value, a host's name: no control characters. */
export const labelValue = string({
  title: 'a value of at most 255 characters',
  pattern: '^[^\\p{Cc}]*$',
  maxLength: 255,
});
export const hostName = string({
  title: 'a host name of 1 to 255 characters',
  pattern: '^[^\\p{Cc}]+$',
  maxLength: 255,
});
export const labelKey = string({
  title: 'a label key (names joined by at most one dot)',
  pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$',
});
export const errorCodeText = string({ title: 'an error code', pattern: '^E_[A-Z0-9_]{1,60}$' });
export const message = string({ maxLength: 4096 });
export const sizeBytes = integer({ title: 'a size in bytes' });
export const metadataVersion = integer({ title: 'a version of metadata (a whole number)', minimum: 1 });
