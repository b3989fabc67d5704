export { Allowance } from './allowance.ts';
export { busiest, type LinkTraffic } from './busiest.ts';
export { expositionOf, expositionType, type MetricFamily, metric } from './exposition.ts';
export { acceptBacklog, Handshakes, handshakeTimeout } from './handshakes.ts';
export { LimitedLinks } from './limited-links.ts';
export type { Turns } from './paced-link.ts';
export { backgroundPriority, isBackground } from './priority.ts';
export { processMetrics } from './process-metrics.ts';
export { ServingCounts } from './serving-counts.ts';
