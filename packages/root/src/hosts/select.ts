import { parseSelector, selects, XylemError } from '@xylem/core';
import type { HostSelection } from '../api/schemas/common.ts';
import type { Within } from '../auth/access.ts';
import type { Database } from '../db/tables.ts';
import { allEnvironments, environmentsMatching } from '../environments/names.ts';
import { type HostRecord, hostsIn } from './host-rows.ts';

/**
 * The hosts that a selection means, by id. All that is given must hold. Retired hosts are left out unless asked for.
 * @throws XylemError E_SELECTOR; E_NOT_FOUND for an environment pattern or a host that fits nothing
 */
export async function selectHosts(
  db: Database,
  selection: HostSelection,
  options: { readonly tenant: string; readonly within: Within; readonly withRetired?: boolean },
): Promise<HostRecord[]> {
  const { tenant, within } = options;
  const rows = await environmentsMatching(db, selection.environments, tenant, within);
  const environments = rows.map(({ id }) => id);
  const selector = parseSelector(selection.where ?? '');
  const all = (await hostsIn(db, environments)).filter((host) => options.withRetired || !host.retired);
  const named = selection.hosts === undefined ? all : pickNamed(all, selection.hosts);
  return named.filter(
    (host) =>
      (selection.site === undefined || host.labels['site'] === selection.site) &&
      selects(selector, { id: host.id, name: host.name, labels: host.labels }),
  );
}

/** @throws XylemError E_NOT_FOUND, E_CONFLICT when a name or prefix fits several of those within */
export async function hostNamed(db: Database, text: string, within: Within): Promise<HostRecord> {
  const environments = (await allEnvironments(db)).filter(within).map(({ id }) => id);
  const [host] = pickNamed(await hostsIn(db, environments), [text]);
  if (host === undefined) throw new XylemError('E_NOT_FOUND', `There is no host ${text}.`);
  return host;
}

function pickNamed(all: readonly HostRecord[], texts: readonly string[]): HostRecord[] {
  const picked = new Set<HostRecord>();
  for (const text of texts) {
    const exact = all.filter((host) => host.id === text || host.name === text);
    const fitting =
      exact.length > 0 ? exact : /^[0-9a-f]{4,}$/.test(text) ? all.filter((h) => h.id.startsWith(text)) : [];
    const [first] = fitting;
    if (first === undefined) throw new XylemError('E_NOT_FOUND', `There is no host ${text}.`);
    if (fitting.length > 1) {
      const ids = fitting.slice(0, 5).map((host) => `${host.id} (${host.name})`);
      throw new XylemError(
        'E_CONFLICT',
        `${text} fits ${fitting.length} hosts: ${ids.join(', ')}. Give the id.`,
      );
    }
    picked.add(first);
  }
  return all.filter((host) => picked.has(host));
}
