import { parentLoop, type RelayPlace, type Report, XylemError } from '@xylem/core';
import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments } from '../environments/names.ts';
import type { HostRecord } from './host-rows.ts';

/** A host as it will be. */
type Placed = Pick<HostRecord, 'id' | 'name' | 'environment' | 'serve' | 'retired' | 'parents'>;

/**
 * Refuses what would make relays go in a circle by their first parents (docs/spec/sites.md).
 * @param changed hosts as they will be
 * @param within what may be named to whoever changes them
 * @throws XylemError E_CONFLICT
 */
export async function refuseLoops(db: Database, changed: readonly Placed[], within: Within): Promise<void> {
  const serving = changed.filter(({ serve, retired }) => serve && !retired);
  if (serving.length === 0) return;
  const will = new Map(changed.map((host) => [host.id, host]));
  const environments = [...new Set(serving.map(({ environment }) => environment))];
  const rows = await db
    .selectFrom('hosts as h')
    .innerJoin('reports as r', 'r.host', 'h.id')
    .select(['h.id', 'h.name', 'h.environment', 'h.parents', 'h.serve', 'h.retired', 'r.document'])
    .where((e) =>
      // Who is to serve from now on is known by its environment alone: they may be many.
      e.or([e('h.serve', '=', 1), e('h.environment', 'in', environments)]),
    )
    .execute();
  const relays = rows.flatMap((row): (RelayPlace & Pick<HostRecord, 'name' | 'environment'>)[] => {
    const next = will.get(row.id) ?? {
      serve: row.serve === 1,
      retired: row.retired === 1,
      parents: undefined,
    };
    if (!next.serve || next.retired) return [];
    const { serves, parent } = JSON.parse(row.document) as Report;
    const [first = parent.url] = next.parents ?? (JSON.parse(row.parents) as string[]);
    return [{ ...row, url: serves?.url ?? null, firstParent: first }];
  });
  const loop = parentLoop(relays, new Set(serving.map(({ id }) => id)));
  if (loop === null) return;
  const seen = new Set((await allEnvironments(db)).filter(within).map(({ id }) => id));
  const names = loop.map((id) => {
    const relay = relays.find((one) => one.id === id);
    return relay !== undefined && seen.has(relay.environment) ? relay.name : 'a relay that you may not see';
  });
  throw new XylemError('E_CONFLICT', sentence(names));
}

function sentence(names: readonly string[]): string {
  const [first = ''] = names;
  if (names.length === 1)
    return `${first} would be its own parent. Leave it out of the selection, or give it another parent first.`;
  const shown = names.length > 8 ? [...names.slice(0, 7), `${names.length - 7} more`] : names;
  const way = [...shown, first].join(' from ');
  return `These relays would go in a circle: ${way}. Leave one of them out of the selection, or give it another parent first.`;
}
