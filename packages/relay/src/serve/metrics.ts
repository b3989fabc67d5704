import { type MetricFamily, metric, processMetrics, type ServingCounts } from '@xylem/platform/serving';
import type { RelayStatus } from '../options.ts';
import type { Spool } from '../spool/spool.ts';

/** What `GET /metrics` of a relay says (docs/spec/bandwidth.md, Metrics). */
export function relayMetrics(of: {
  readonly counts: ServingCounts;
  readonly spool: Spool;
  readonly status: RelayStatus;
}): MetricFamily[] {
  const { counts, spool, status } = of;
  return [
    ...counts.metrics(),
    metric('xylem_children', 'gauge', 'Hosts that asked in the last 24 hours.', status.children.length),
    metric('xylem_followed_environments', 'gauge', 'Environments that are followed.', status.followed.length),
    metric('xylem_spooled_reports', 'gauge', 'Reports that wait for a watermark.', status.spooledReports),
    metric(
      'xylem_superseded_reports',
      'gauge',
      'Reports of the last day that newer ones replaced before a parent took them.',
      status.supersededReports,
    ),
    metric(
      'xylem_superseded_reports_total',
      'counter',
      'Reports that newer ones replaced before a parent took them, since the spool was made.',
      status.supersededReportsTotal,
    ),
    metric('xylem_spooled_bytes', 'gauge', 'Size of the reports that wait.', spool.sizeBytes),
    metric('xylem_refused_objects_total', 'counter', 'Objects thrown away as wrong.', status.refusedObjects),
    ...(status.sinceRootMs === null
      ? []
      : [
          metric(
            'xylem_since_root_seconds',
            'gauge',
            'Time since the root server was heard of, through parents.',
            status.sinceRootMs / 1000,
          ),
        ]),
    metric('xylem_faults', 'gauge', 'What keeps the relay from its work now.', status.faults.length),
    ...processMetrics(),
  ];
}
