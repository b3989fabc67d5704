import { XylemError } from '@xylem/core';
import { nextVersion } from '../names.ts';
import { invalidMetadata, parseTargets } from '../parse.ts';

/** A publisher's clock may be ahead by so much. Beyond, a stolen or mistaken key could burn all later versions. */
const clockLeewayMs = 3600_000;

/**
 * The version of an uploaded targets or delegated role must be above the present one's, and not in the future.
 * @throws XylemError E_METADATA_ROLLBACK, E_METADATA_INVALID
 */
export function checkVersion(role: string, version: number, current: Uint8Array | null, nowMs: number): void {
  const previous = current === null ? 0 : parseTargets(current, role).metadata.signed.version;
  if (version <= previous) {
    const message = `The role ${role} has version ${version}; ${previous} is already published. Sign it again.`;
    throw new XylemError('E_METADATA_ROLLBACK', message, { retry: 'never' });
  }
  if (version > nextVersion(previous, nowMs + clockLeewayMs)) {
    throw invalidMetadata(
      role,
      `its version ${version} lies in the future; check the clock of the publisher`,
    );
  }
}
