import type { Clock, Gate, Log, Randomness } from '@xylem/platform';
import type { ServingCounts } from '@xylem/platform/serving';
import type { Repository } from '@xylem/store';
import type { CertificateAuthority, KeyPair, TlsIdentity } from '@xylem/trust';
import type { Auditing } from './audit/auditing.ts';
import type { Issuers } from './auth/oidc/issuers.ts';
import type { Passwords } from './auth/passwords.ts';
import type { RestoredState } from './backup/restored-state.ts';
import type { Database } from './db/tables.ts';
import type { Deploying } from './deployments/deploying.ts';
import type { Directing } from './directing/directing.ts';
import type { RevokedHosts } from './hosts/revoked.ts';
import type { Departed } from './moves/departed.ts';
import type { ReleasePublisher } from './publishing/release-publisher.ts';
import type { SqlChunkIndex } from './publishing/sql-chunk-index.ts';
import type { RootConfig, StatePaths } from './state/folder.ts';
import type { Prober } from './verification/prober.ts';

/** What the parts of a running root server share. */
export interface Root {
  readonly paths: StatePaths;
  readonly config: RootConfig;
  readonly db: Database;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly repository: Repository;
  /** Publishing comes in, `store gc` runs alone. */
  readonly contents: Gate;
  readonly authority: CertificateAuthority;
  readonly collector: KeyPair;
  readonly chunks: SqlChunkIndex;
  /** Null without a release repository. */
  readonly releases: ReleasePublisher | null;
  readonly directing: Directing;
  readonly deploying: Deploying;
  readonly prober: Prober;
  readonly audit: Auditing;
  readonly passwords: Passwords;
  readonly issuers: Issuers;
  readonly restored: RestoredState;
  readonly revoked: RevokedHosts;
  readonly departed: Departed;
  /** Its own key and present certificate, for asking nodes. */
  readonly identity: () => TlsIdentity;
  /** How nodes reach this root server. */
  readonly nodesUrl: () => string;
  readonly startedMs: number;
  /** What it answers, and what its children's links carried. */
  readonly counts: ServingCounts;
}
