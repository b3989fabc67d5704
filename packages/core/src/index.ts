export { type ErrorCode, type ErrorCodeEntry, errorCodes, exitCodes, type Retry } from './error-codes.ts';
export { isErrorCode, XylemError, type XylemErrorOptions } from './errors.ts';
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
