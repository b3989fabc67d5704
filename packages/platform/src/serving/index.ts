export { expositionOf, expositionType, type MetricFamily, metric } from './exposition.ts';
export { processMetrics } from './process-metrics.ts';
export { type LinkTraffic, ServingCounts } from './serving-counts.ts';
