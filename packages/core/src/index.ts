export * from './dependencies/index.ts';
export * from './deployment/index.ts';
export * from './direction/index.ts';
export * from './environment/index.ts';
export {
  type ErrorCode,
  type ErrorCodeEntry,
  errorCodes,
  exitCodes,
  type Retry,
} from './error-codes/index.ts';
export { isErrorCode, XylemError, type XylemErrorOptions } from './errors.ts';
export { fromB64u, sha256, toB64u } from './hashing.ts';
export { Heap } from './heap.ts';
export {
  type DeploymentId,
  type Digest,
  type DomainId,
  type EnvironmentId,
  type HostId,
  isDigest,
  isEnvironmentId,
  isHostId,
  type RepositoryId,
} from './ids.ts';
export * from './incidents/index.ts';
export { jcs, jcsBytes } from './jcs.ts';
export { parseJson } from './json.ts';
export * from './junit/index.ts';
export { lifetimes } from './lifetimes.ts';
export { limits } from './limits.ts';
export * from './links/index.ts';
export * from './metrics/index.ts';
export * from './migration/index.ts';
export * from './notification/index.ts';
export { inOrder, type Ordered } from './order.ts';
export * from './parents/index.ts';
export * from './plan/index.ts';
export { remembering } from './remembering.ts';
export * from './reparenting/index.ts';
export * from './schema/index.ts';
export * from './selector/index.ts';
export * from './stage-order/index.ts';
export * from './statistics/index.ts';
export { type Time, timeMs, timeOf } from './time.ts';
export * from './traffic/index.ts';
export * from './transitions/index.ts';
export * from './tree/index.ts';
export * from './verification/index.ts';
export { compareVersions, inRange, isVersion, isVersionRange, type Version } from './versions.ts';
export * from './watermarks/index.ts';
export * from './why/index.ts';
export * from './wire/index.ts';
