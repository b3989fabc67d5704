import {
  type Deployment,
  type Digest,
  type HostEvidence,
  type HostMapEntry,
  skippedPins,
  timeOf,
} from '@xylem/core';
import type { Database } from '../db/tables.ts';
import type { HostRecord } from '../hosts/host-rows.ts';
import { unmarked } from './unmarked.ts';

/** Of a host that a person took out of a deployment. */
export interface SkipWord {
  readonly reason: string;
  readonly by: string;
  readonly sinceMs: number;
  /** That stay as they are. */
  readonly components: readonly string[];
}

/** Of a host that a person let try again what it had refused. */
export interface RetryWord {
  readonly reason: string;
  readonly by: string;
  readonly sinceMs: number;
  /** The order that counts, by component. */
  readonly orders: Readonly<Record<string, string>>;
}

/** So long after the order what a host says without having heard it is no answer to it: an older agent never hears it. */
const answerWithinMs = 15 * 60_000;

/** What a host reports, but for refusals from before it was to try again: these stand in its marks. Pure. */
export function sinceRetry(
  reported: HostEvidence['reported'],
  retried: RetryWord | null,
  lastReport: number | null,
): HostEvidence['reported'] {
  if (retried === null || (lastReport ?? 0) - retried.sinceMs >= answerWithinMs) return reported;
  return reported.flatMap((one) => {
    const { refused, ...rest } = one;
    const order = Object.hasOwn(retried.orders, one.component) ? retried.orders[one.component] : undefined;
    if (refused === undefined || order === undefined || refused.retry === order) return [one];
    // Where nothing was installed before, what is reported is what was refused.
    return refused.package === one.package ? [] : [rest];
  });
}

/** What the host map says to single hosts because people said it of them in a deployment. */
export interface HostWords {
  readonly pins: ReadonlyMap<string, Readonly<Record<string, Digest>>>;
  readonly retries: ReadonlyMap<string, NonNullable<HostMapEntry['retry']>>;
}

/**
 * Of the last deployment of each product, also once it has succeeded: whom it left out does not come to it by its end.
 */
export async function hostWords(db: Database, environment: string): Promise<HostWords> {
  const pins = new Map<string, Readonly<Record<string, Digest>>>();
  const retries = new Map<string, NonNullable<HostMapEntry['retry']>>();
  for (const { host, skipped, retried } of await lastWords(db, environment)) {
    if (skipped !== null) pins.set(host, { ...pins.get(host), ...skippedPins(skipWordOf(skipped)) });
    if (retried !== null) retries.set(host, { ...retries.get(host), ...retryWordOf(retried).orders });
  }
  return { pins, retries };
}

async function lastWords(db: Database, environment: string, host?: string) {
  const query = db
    .selectFrom('deployment_hosts as m')
    .innerJoin('deployments as d', 'd.id', 'm.deployment')
    .select(['m.deployment', 'm.host', 'm.skipped', 'm.retried', 'd.product'])
    .where('d.environment', '=', environment)
    .where((e) => e.or([e('m.skipped', 'is not', null), e('m.retried', 'is not', null)]))
    .where('d.sequence', 'in', (e) =>
      e
        .selectFrom('deployments')
        .select((f) => f.fn.max('sequence').as('sequence'))
        .where('environment', '=', environment)
        .groupBy('product'),
    )
    .orderBy('m.host')
    .orderBy('d.sequence');
  return await (host === undefined ? query : query.where('m.host', '=', host)).execute();
}

/** For people: by which deployment of a product a host was left out, by whom, when and why. */
export async function skipWords(
  db: Database,
  { id, environment }: Pick<HostRecord, 'id' | 'environment'>,
  product: string,
): Promise<string[]> {
  const rows = await lastWords(db, environment, id);
  return rows.flatMap(({ deployment, product: of, skipped }) => {
    if (skipped === null || of !== product) return [];
    const { by, sinceMs, reason } = skipWordOf(skipped);
    return [`skipped in ${deployment} by ${by} since ${timeOf(sinceMs)}: ${reason.replace(/\.$/, '')}`];
  });
}

/**
 * Hosts that the deployment before left out stay as they are until it is their turn in the one that begins, as one that
 * was offline; in the transaction of its begin. A balancer that it does not wait for is not waited for on the way back.
 */
export async function holdSkipped(
  trx: Database,
  { environment, product, id: deployment, kind }: Pick<Deployment, 'environment' | 'product' | 'id' | 'kind'>,
): Promise<void> {
  const rows = await trx
    .selectFrom('deployment_hosts as m')
    .innerJoin('deployments as d', 'd.id', 'm.deployment')
    .leftJoin('standings as s', (join) =>
      join.onRef('s.environment', '=', 'd.environment').onRef('s.product', '=', 'd.product'),
    )
    .select(['m.host', 'm.skipped'])
    .where('d.environment', '=', environment)
    .where('d.product', '=', product)
    .where('m.skipped', 'is not', null)
    .where((e) => e.or([e('s.sequence', 'is', null), e('d.sequence', '>=', e.ref('s.sequence'))]))
    .orderBy('d.sequence')
    .execute();
  const words = [...new Map(rows.map(({ host, skipped }) => [host, skipped]))];
  const stays = (word: string | null): boolean =>
    kind === 'rollback' && word !== null && skipWordOf(word).components.length === 0;
  for (let at = 0; at < words.length; at += 500) {
    const values = words.slice(at, at + 500).map(([host, word]) => ({
      deployment,
      host,
      ...unmarked,
      held: 1,
      skipped: stays(word) ? word : null,
    }));
    await trx.insertInto('deployment_hosts').values(values).execute();
  }
}

export const skipWordOf = (text: string): SkipWord => JSON.parse(text) as SkipWord;
export const retryWordOf = (text: string): RetryWord => JSON.parse(text) as RetryWord;
