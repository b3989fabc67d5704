import {
  type Config,
  type Digest,
  type DomainId,
  type ErrorCode,
  jcs,
  meaningOfConfig,
  type PackageDocument,
  sha256,
  type Urgency,
  type Version,
} from '@xylem/core';
import type { ComponentKind, StepKind } from '../converge/points.ts';

/** What templates may know of the host. */
export interface HostValues {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One package as this host should run it, or runs it: everything that is needed to start it again offline. */
export interface Placed {
  readonly component: string;
  readonly product: string;
  readonly kind: ComponentKind;
  readonly release: Digest;
  /** Of the release; absent in records of older agents. */
  readonly releaseVersion?: Version;
  readonly package: Digest;
  readonly version: Version;
  readonly deployment: string | null;
  readonly domain: DomainId;
  /** Of the variant that fits this host. */
  readonly tree: Digest;
  readonly sizeBytes: number;
  readonly after: readonly string[];
  /** Merged from defaults, assignment and host map, and valid under the package's schema. */
  readonly config: Config;
  /** Of what direction gave as configuration (`configDigest`); absent in records of older agents. */
  readonly configDigest?: Digest;
  readonly document: PackageDocument;
  /** What its templates may know of the host; absent where it has none. */
  readonly host?: HostValues;
  /** It comes outside of windows too. */
  readonly urgent?: true;
  /** With `urgent`: what else does not hold it up. */
  readonly passes?: Required<Urgency>['passes'];
  /** In place of both: exactly what does not. */
  readonly overrides?: Required<Urgency>['overrides'];
  /** So long after it was committed the host reports, whatever else. */
  readonly bakeSeconds?: number;
  /** How often traffic that goes through it was switched; absent: never. */
  readonly switched?: number;
  /** The order of direction to try it again, though it was refused before. */
  readonly retry?: string;
}

/** By which the ways between releases are told; an older agent wrote down the component's own version alone. */
export const releaseVersionOf = ({ releaseVersion, version }: Placed): Version => releaseVersion ?? version;

/** Why a package is not tried again until direction says something else about the component. */
export interface Refusal {
  readonly package: Digest;
  /** `installFingerprint` of what failed: the same package with another configuration is another thing to try. */
  readonly fingerprint: Digest;
  readonly deployment: string | null;
  readonly version: Version;
  readonly tree: Digest;
  readonly product: string;
  readonly kind: ComponentKind;
  readonly code: ErrorCode;
  readonly message: string;
  /** In which it failed; absent in records of older agents. */
  readonly step?: StepKind;
  /** The order to try it again that counted by then; absent: none did. */
  readonly retry?: string;
  /** RFC 3339. */
  readonly since: string;
}

/** What counts as the same installation: package, tree, configuration, and what templates know of the host. */
export function installFingerprint(placed: Placed): Digest {
  const { package: digest, tree, host } = placed;
  const config = meaningOfConfig(placed.config);
  return sha256(jcs({ package: digest, tree, config, ...(host === undefined ? {} : { host }) }));
}

/** Whether nothing need be done or recorded to get from `a` to `b`. */
export function sameInstall(a: Placed, b: Placed): boolean {
  return (
    installFingerprint(a) === installFingerprint(b) &&
    a.product === b.product &&
    a.domain === b.domain &&
    a.kind === b.kind &&
    jcs(a.after) === jcs(b.after)
  );
}

/** Whether `wanted` is what was refused: then the kept version stays. */
export function isRefused(refusal: Refusal | null, wanted: Placed): boolean {
  return (
    refusal !== null &&
    refusal.fingerprint === installFingerprint(wanted) &&
    refusal.deployment === wanted.deployment &&
    (wanted.retry === undefined || wanted.retry === refusal.retry)
  );
}
