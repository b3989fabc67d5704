export * from './deployment/index.ts';
export * from './direction/index.ts';
export * from './environment/index.ts';
export { type ErrorCode, type ErrorCodeEntry, errorCodes, exitCodes, type Retry } from './error-codes.ts';
export { isErrorCode, XylemError, type XylemErrorOptions } from './errors.ts';
export { fromB64u, hmacSha256, sha256, toB64u } from './hashing.ts';
export {
  type DeploymentId,
  type Digest,
  type DomainId,
  type EnvironmentId,
  type HostId,
  isDeploymentId,
  isDigest,
  isDomainId,
  isEnvironmentId,
  isHostId,
  isRepositoryId,
  type RepositoryId,
} from './ids.ts';
export { jcs, jcsBytes } from './jcs.ts';
export { decodeUtf8, parseJson } from './json.ts';
export { keptPreviousVersions, lifetimes } from './lifetimes.ts';
export { limits } from './limits.ts';
export { cycleIn, inOrder, type Ordered } from './order.ts';
export * from './schema/index.ts';
export * from './selector/index.ts';
export { isTime, type Time, timeMs, timeOf } from './time.ts';
export * from './tree/index.ts';
export { compareVersions, inRange, isVersion, isVersionRange, type Version } from './versions.ts';
export * from './why/index.ts';
export * as fields from './wire/fields.ts';
export * from './wire/index.ts';
