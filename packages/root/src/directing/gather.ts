const leastMs = 200;
const perHostMs = 1;
const mostMs = 10_000;

/**
 * How long joins are gathered before a version is signed for them, in milliseconds. A version is work for each host of
 * the environment: while many join, the more there are, the rarer it is; who joins alone waits no longer for others. Pure.
 */
export function gatherForMs(hosts: number, sinceLastMs: number): number {
  const apartMs = Math.min(mostMs, hosts * perHostMs);
  return Math.max(leastMs, apartMs - sinceLastMs);
}
