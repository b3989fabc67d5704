export type { HostCounts, HostMetric } from './metric.ts';
export { countsOf, queryOver, vectorOf } from './prometheus.ts';
