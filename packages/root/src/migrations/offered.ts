import { type MigrationStep, type PackageDocument, type Release, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { knownRelease, productDirections } from '../deployments/rows.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { releaseNamed } from '../publishing/releases.ts';
import { requireVouched } from '../publishing/still-vouched.ts';
import { refuseQuarantined } from '../quarantine/refuse.ts';
import { documentsOf } from './rows.ts';

/** The package whose programs do a step. */
export interface Offered {
  readonly product: string;
  readonly component: string;
  /** Digest. */
  readonly release: string;
  readonly package: string;
  readonly version: string;
  stepTo(to: number): MigrationStep | undefined;
}

interface Wanted {
  readonly database: string;
  /** The schema that the step leads to; null: a restore. */
  readonly step: number | null;
  readonly release?: { readonly product: string; readonly version: string } | undefined;
}

/**
 * The package that has the step, of the release that is named, else of the newest that is directed there.
 * @throws XylemError E_MIGRATION_ORDER, E_WITHDRAWN, E_QUARANTINED
 */
export async function offeredPackage(
  db: Database,
  environment: EnvironmentRow,
  nowMs: number,
  wanted: Wanted,
): Promise<Offered> {
  const { database, step } = wanted;
  for (const { digest, release } of await releasesOf(db, environment, nowMs, wanted)) {
    const documents = await documentsOf(
      db,
      release.packages.map((entry) => entry.package),
    );
    for (const { component, version, package: own } of release.packages) {
      const document = documents.get(own);
      if (document === undefined || !does(document, database, step)) continue;
      const stepTo = (to: number) => document.migrations?.steps?.find((one) => one.to === to);
      return { product: release.product, component, release: digest, package: own, version, stepTo };
    }
  }
  const what = step === null ? `restores ${database}` : `has a step of ${database} to schema ${step}`;
  const where =
    wanted.release === undefined
      ? `No package that is directed to ${fullName(environment)}`
      : `No package of ${wanted.release.product}@${wanted.release.version}`;
  throw new XylemError('E_MIGRATION_ORDER', `${where} ${what}.`);
}

function does({ migrations }: PackageDocument, database: string, step: number | null): boolean {
  if (migrations?.database !== database) return false;
  if (step === null) return migrations.restore !== undefined;
  return migrations.steps?.some(({ to }) => to === step) === true;
}

async function releasesOf(
  db: Database,
  environment: EnvironmentRow,
  nowMs: number,
  { release }: Wanted,
): Promise<{ digest: string; release: Release }[]> {
  if (release !== undefined) {
    const { release: digest } = await releaseNamed(db, release.product, release.version);
    const known = await knownRelease(db, release.product, digest);
    await requireVouched(db, { ...release, digest: known.digest }, nowMs);
    await refuseQuarantined(db, environment, known);
    return [known];
  }
  const directions = await productDirections(db, environment.id);
  // The newest word about each product first: what is settled may be older.
  return directions.flatMap(({ settled, deployments }) =>
    [...deployments.map(({ release: own }) => own), settled].filter((known) => known !== null),
  );
}
