import { XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import type { HostRecord } from '../hosts/host-rows.ts';

/**
 * Whether hosts can go to another tenant at all, whatever that is.
 * @param except the request that is being looked at
 * @throws XylemError E_INPUT, E_CONFLICT
 */
export async function refuseUnmovable(
  db: Database,
  hosts: readonly HostRecord[],
  except: string | null,
  nowMs: number,
): Promise<void> {
  if (new Set(hosts.map(({ environment }) => environment)).size > 1) {
    throw new XylemError('E_INPUT', 'These hosts live in several environments: ask for each by itself.');
  }
  for (const { name, retired, revoked, movingFrom, serve } of hosts) {
    if (retired || revoked !== null)
      throw new XylemError('E_CONFLICT', `${name} was retired or revoked: it goes nowhere.`);
    if (movingFrom !== null)
      throw new XylemError('E_CONFLICT', `${name} is still on its way from another environment.`);
    if (serve) {
      throw new XylemError(
        'E_CONFLICT',
        `${name} is a relay, and what it serves is this tenant's. Move its children away, then: xylem host serve ${name} --stop.`,
      );
    }
  }
  const open = await db
    .selectFrom('moved_hosts as m')
    .innerJoin('move_requests as r', 'r.id', 'm.move')
    .select(['m.host', 'm.move'])
    .where('r.state', '=', 'open')
    .where('r.expires_ms', '>', nowMs)
    .execute();
  const ids = new Map(hosts.map(({ id, name }) => [id, name]));
  const other = open.find(({ host, move }) => ids.has(host) && move !== except);
  if (other === undefined) return;
  throw new XylemError(
    'E_CONFLICT',
    `${ids.get(other.host)} stands in the move request ${other.move}, which is open. Cancel that first.`,
  );
}

/**
 * A move brings no release roots: what the taking environment maps must come from repositories that the hosts trust.
 * @throws XylemError E_TRUST
 */
export async function refuseUntrusted(
  db: Database,
  hosts: readonly HostRecord[],
  to: EnvironmentRow,
  installation: string | null,
): Promise<void> {
  const names = Object.keys(parseEnvironmentYaml(to.yaml, fullName(to)).products);
  if (names.length === 0) return;
  const products = await db
    .selectFrom('products')
    .select(['product', 'repository'])
    .where('product', 'in', names)
    .execute();
  for (const { name, releases } of hosts) {
    const trusted = releases ?? (installation === null ? [] : [installation]);
    const missing = products.find(({ repository }) => !trusted.includes(repository));
    if (missing === undefined) continue;
    throw new XylemError(
      'E_TRUST',
      `${name} could not install ${missing.product} in ${fullName(to)}: it comes from the release repository ${missing.repository}, which the host's trust map does not hold, and a move brings no others. Retire it and join it there with a new state folder.`,
    );
  }
}
