import {
  expositionOf,
  expositionType,
  type MetricFamily,
  metric,
  processMetrics,
} from '@xylem/platform/serving';
import type { FastifyInstance } from 'fastify';
import { authorise } from '../api/authorise.ts';
import { bearerOf } from '../api/server.ts';
import { identify } from '../auth/identify.ts';
import type { Database } from '../db/tables.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Root } from '../root.ts';

export interface MetricsOptions {
  readonly root: Root;
  readonly ingest: Ingest;
}

/** `GET /metrics` (docs/spec/bandwidth.md, Metrics), for who may read in the whole installation. */
export async function addMetrics(app: FastifyInstance, { root, ingest }: MetricsOptions): Promise<void> {
  const { db, clock, config, counts } = root;
  await app.register(async (scope) => {
    scope.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
      const who = await identify(db, clock, bearerOf(request));
      const needs = { permission: 'read', where: 'installation' } as const;
      await authorise(needs, { params: {}, body: {} }, who, { db, tenant: config.tenant });
      const families = [
        ...counts.metrics(),
        ...reportMetrics(ingest),
        ...(await stateMetrics(db)),
        ...processMetrics(),
      ];
      return reply.type(expositionType).send(expositionOf(families));
    });
  });
}

function reportMetrics({ counts: { taken, changed, refused } }: Ingest): MetricFamily[] {
  return [
    metric('xylem_reports_taken_total', 'counter', 'Reports verified and stored or folded.', taken),
    metric('xylem_reports_changed_total', 'counter', 'Of those, with another state of their host.', changed),
    metric('xylem_reports_refused_total', 'counter', 'Reports that did not verify.', refused),
  ];
}

async function stateMetrics(db: Database): Promise<MetricFamily[]> {
  const { hosts, relays, deployments, incidents } = await db
    .selectNoFrom((e) => [
      e.selectFrom('hosts').select(e.fn.countAll().as('n')).where('retired', '=', 0).as('hosts'),
      e
        .selectFrom('hosts')
        .select(e.fn.countAll().as('n'))
        .where('retired', '=', 0)
        .where('serve', '=', 1)
        .as('relays'),
      e
        .selectFrom('deployments')
        .select(e.fn.countAll().as('n'))
        .where('finished_ms', 'is', null)
        .as('deployments'),
      e.selectFrom('incidents').select(e.fn.countAll().as('n')).where('state', '=', 'open').as('incidents'),
    ])
    .executeTakeFirstOrThrow();
  return [
    metric('xylem_hosts', 'gauge', 'Hosts that are not retired.', Number(hosts)),
    metric('xylem_relays', 'gauge', 'Of those, relays.', Number(relays)),
    metric('xylem_deployments_open', 'gauge', 'Deployments that have not ended.', Number(deployments)),
    metric('xylem_incidents_open', 'gauge', 'Open incidents.', Number(incidents)),
  ];
}
