import type { HostChange, PackageDocument } from '@xylem/core';
import type { PlanFound } from '../api/schemas/plan-found.ts';
import type { HeardHost } from './facts.ts';

const mostNamed = 100;

/**
 * What packages demand of a host, and the hosts of which it is known from their reports that they don't have it. The
 * rest (kernel, programs, hooks) is looked at on each host before its switch, with the package at hand.
 */
export function preflightOf(
  coming: readonly PackageDocument[],
  changes: readonly HostChange[],
  hosts: ReadonlyMap<string, HeardHost>,
): PlanFound['preflight'] {
  return coming.flatMap(({ component, preflight, hooks }) => {
    const own = changes.filter((change) => change.component === component && change.to !== null);
    const hasHook = Object.hasOwn(hooks?.before ?? {}, 'preflight');
    if ((preflight === undefined && !hasHook) || own.length === 0) return [];
    const { diskFreeBytes, memoryBytes, kernel, commands = [] } = preflight ?? {};
    const demands = [
      ...(diskFreeBytes === undefined ? [] : [`${diskFreeBytes} bytes free`]),
      ...(memoryBytes === undefined ? [] : [`${memoryBytes} bytes of memory`]),
      ...(kernel === undefined ? [] : [`kernel ${kernel}`]),
      ...(commands.length === 0 ? [] : [`the programs ${commands.join(', ')}`]),
      ...(hasHook ? ['its own check, run on each host before its switch'] : []),
    ];
    const unmet = own.flatMap(({ host, name }) => {
      const facts = hosts.get(host)?.report?.facts;
      if (facts === undefined) return [];
      const { diskFreeBytes: free, memoryBytes: memory } = facts;
      if (diskFreeBytes !== undefined && free !== undefined && free < diskFreeBytes)
        return [`${name}: ${free} bytes free`];
      return memoryBytes !== undefined && memory < memoryBytes ? [`${name}: ${memory} bytes of memory`] : [];
    });
    return [
      { component, demands: demands.join(', '), unmet: unmet.slice(0, mostNamed), unmetCount: unmet.length },
    ];
  });
}
