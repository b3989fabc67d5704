export { type HostCounts, type HostMetric, metricsSchema } from './metric.ts';
export { countsOf, queryOver, vectorOf } from './prometheus.ts';
