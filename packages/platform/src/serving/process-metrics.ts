import { type MetricFamily, metric } from './exposition.ts';

/** Of this process, under the names that Prometheus' own libraries use. */
export function processMetrics(): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return [
    metric('process_cpu_seconds_total', 'counter', 'Processor time, user and system.', (user + system) / 1e6),
    metric('process_resident_memory_bytes', 'gauge', 'Resident memory.', rss),
    metric(
      'process_start_time_seconds',
      'gauge',
      'Start of the process, seconds since 1970.',
      performance.timeOrigin / 1000,
    ),
    metric('nodejs_heap_size_used_bytes', 'gauge', 'Heap in use.', heapUsed),
  ];
}
