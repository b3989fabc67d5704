import type { HostId } from '../ids.ts';
import { compareVersions, type Version } from '../versions.ts';

/** One component of one host that a plan changes. Null: not installed. */
export interface HostChange {
  readonly host: HostId;
  readonly name: string;
  readonly component: string;
  readonly from: Version | null;
  readonly to: Version | null;
}

/** How many hosts go from one version of a component to another. */
export interface ChangeCount {
  readonly component: string;
  readonly from: Version | null;
  readonly to: Version | null;
  readonly hosts: number;
}

/** What a host runs and what it would be given, by component; those that stay are left out. Pure. */
export function changesOf(
  hosts: readonly {
    readonly id: HostId;
    readonly name: string;
    readonly runs: ReadonlyMap<string, Version>;
    /** Null: it is taken away. */
    readonly given: ReadonlyMap<string, Version | null>;
  }[],
): HostChange[] {
  return hosts.flatMap(({ id, name, runs, given }) =>
    [...given].flatMap(([component, to]): HostChange[] => {
      const from = runs.get(component) ?? null;
      return from === to ? [] : [{ host: id, name, component, from, to }];
    }),
  );
}

/** By component, then by the version before. Pure. */
export function countChanges(changes: readonly HostChange[]): ChangeCount[] {
  const groups = Map.groupBy(changes, ({ component, from, to }) => JSON.stringify([component, from, to]));
  return [...groups.values()]
    .flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : [{ component: first.component, from: first.from, to: first.to, hosts: 1 + others.length }],
    )
    .sort((a, b) => {
      if (a.component !== b.component) return a.component < b.component ? -1 : 1;
      if (a.from === null || b.from === null) return Number(a.from !== null) - Number(b.from !== null);
      return compareVersions(a.from, b.from);
    });
}
