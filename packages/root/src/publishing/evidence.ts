import {
  type Digest,
  type EnvironmentSpec,
  type KnownRelease,
  type Release as ReleaseDocument,
  timeOf,
  XylemError,
} from '@xylem/core';
import { missingStatements, readAttestation } from '@xylem/trust';
import type { BodyOf } from '../api/contract.ts';
import type { EvidenceEntry } from '../api/schemas/evidence.ts';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import type { Root } from '../root.ts';
import { productNamed } from './products.ts';
import { releaseNamed } from './releases.ts';

/** Statements about one digest; a build makes a few, and what is append-only must have an end. */
const mostPerDigest = 200;

/**
 * Adds statements about a release or a package of a product. The same again changes nothing, nothing is ever replaced
 * or removed. Who signed them is judged where a policy names keys, not here.
 * @throws XylemError E_ENVELOPE_INVALID, E_INPUT (about something else), E_NOT_FOUND, E_TOO_LARGE
 */
export async function addEvidence(
  root: Root,
  who: string,
  product: string,
  { digest, envelopes }: BodyOf<'evidenceAdd'>,
): Promise<{ added: number }> {
  const row = await productNamed(root.db, product);
  const name = await nameOf(root.db, row.product, digest);
  const read = envelopes.map((text, index) => {
    const attestation = readAttestation(Buffer.from(text));
    if (!attestation.statement.subjects.includes(digest as Digest)) {
      throw new XylemError(
        'E_INPUT',
        `Statement ${index + 1} of ${envelopes.length} is not about ${name}: none of its subjects has the SHA-256 ${digest}.`,
      );
    }
    return { text, digest: attestation.digest, predicateType: attestation.statement.predicateType };
  });
  const added = await root.db.transaction().execute(async (trx) => {
    await lockFor(trx, `evidence/${product}/${digest}`);
    const known = await trx
      .selectFrom('evidence')
      .select('envelope_digest')
      .where('product', '=', product)
      .where('digest', '=', digest)
      .execute();
    const there = new Set(known.map((one) => one.envelope_digest));
    const fresh = [...new Map(read.map((one) => [one.digest, one])).values()].filter(
      (one) => !there.has(one.digest),
    );
    if (there.size + fresh.length > mostPerDigest) {
      throw new XylemError('E_TOO_LARGE', `${name} would have more than ${mostPerDigest} statements.`);
    }
    const nowMs = root.clock.now();
    for (const one of fresh) {
      const values = { envelope_digest: one.digest, envelope: one.text, added_by: who, created_ms: nowMs };
      await trx
        .insertInto('evidence')
        .values({ product, digest, ...values })
        .execute();
    }
    if (fresh.length > 0) {
      await appendAudit(trx, nowMs, {
        who,
        what: 'evidence.add',
        subject: `evidence/${name}`,
        after: fresh.map((one) => ({ envelope: one.digest, predicateType: one.predicateType })),
      });
    }
    return fresh.length;
  });
  if (added > 0) await tryChannels(root, product);
  return { added };
}

/** An environment that follows a channel and lacked this statement goes on by itself. */
async function tryChannels(root: Root, product: string): Promise<void> {
  const channels = await root.db
    .selectFrom('channels')
    .select('channel')
    .where('product', '=', product)
    .execute();
  for (const { channel } of channels) await root.deploying.channelMoved(product, channel);
}

async function nameOf(db: Database, product: string, digest: string): Promise<string> {
  const release = await db
    .selectFrom('releases')
    .select('version')
    .where('product', '=', product)
    .where('release', '=', digest)
    .executeTakeFirst();
  if (release !== undefined) return `${product}@${release.version}`;
  const found = await db
    .selectFrom('packages')
    .select(['component', 'version'])
    .where('product', '=', product)
    .where('package', '=', digest)
    .executeTakeFirst();
  if (found !== undefined) return `${product}/${found.component}@${found.version}`;
  throw new XylemError('E_NOT_FOUND', `${product} has no release and no package ${digest}.`);
}

/** All that was said about a release and its packages, the oldest first. @throws XylemError E_NOT_FOUND */
export async function releaseEvidence(
  db: Database,
  product: string,
  version: string,
): Promise<{ evidence: EvidenceEntry[] }> {
  const { release, packages } = await releaseNamed(db, product, version);
  const names = new Map([
    [release, `${product}@${version}`],
    ...packages.map((one) => [one.package, `${one.component}@${one.version}`] as const),
  ]);
  const rows = await rowsAbout(db, product, [...names.keys()]);
  return {
    evidence: rows.map((row) => {
      const { statement, envelope } = readAttestation(Buffer.from(row.envelope));
      const { predicateType, builder, source, result } = statement;
      return {
        about: names.get(row.digest) ?? row.digest,
        digest: row.digest,
        predicateType,
        builder,
        source,
        result,
        keyids: envelope.signatures.map(({ keyid }) => keyid),
        addedBy: row.added_by,
        added: timeOf(row.created_ms),
        envelope: row.envelope,
      };
    }),
  };
}

async function rowsAbout(db: Database, product: string, digests: readonly string[]) {
  return await db
    .selectFrom('evidence')
    .selectAll()
    .where('product', '=', product)
    .where('digest', 'in', digests)
    .orderBy('created_ms')
    .orderBy('envelope_digest')
    .execute();
}

/**
 * Refuses a release without the statements that the environment's policy demands, before anything moves.
 * @throws XylemError E_EVIDENCE naming each statement that is missing
 */
export async function requireEvidence(
  trx: Database,
  { name, policy }: EnvironmentSpec,
  { digest, release }: KnownRelease,
): Promise<void> {
  const rules = policy.provenance?.require ?? [];
  if (rules.length === 0) return;
  const rows = await rowsAbout(trx, release.product, [
    digest,
    ...packagesOf(release).map((one) => one.digest),
  ]);
  const subject = {
    name: `${release.product}@${release.version}`,
    release: digest,
    packages: packagesOf(release),
  };
  const envelopes = rows.map(({ envelope }) => Buffer.from(envelope));
  const missing = missingStatements(rules, subject, envelopes);
  if (missing.length === 0) return;
  throw new XylemError(
    'E_EVIDENCE',
    `${subject.name} is not deployed to ${name}: statements are demanded and missing: ${missing.join('; ')}.`,
    { details: { release: digest, missing } },
  );
}

function packagesOf({ packages }: ReleaseDocument): { name: string; digest: Digest }[] {
  return packages.map(({ component, version, package: digest }) => ({
    name: `${component}@${version}`,
    digest,
  }));
}
