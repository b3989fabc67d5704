import { type HostId, parseSelector, selects, XylemError } from '@xylem/core';
import type { WhereHosts, WhereHostsQuery } from '../api/schemas/fleet.ts';
import type { Within } from '../auth/access.ts';
import { environmentsMatching, fullName, refOf } from '../environments/names.ts';
import { type HostState, silentAfterMs } from '../hosts/view.ts';
import { productNamed } from '../publishing/products.ts';
import type { Root } from '../root.ts';
import { isSpoken } from './state-counts.ts';

type Sight = Pick<Root, 'db' | 'clock' | 'config' | 'directing'>;
type Row = Awaited<ReturnType<typeof rowsOf>>[number];

/** What one page costs at most: hosts that are looked at, of which one look at a version counts as some. */
const mostLooked = 2000;
const lookCost = 10;
const defaultLimit = 200;

/** Hosts that run one version of a component in one environment; the last is where a page ended. */
interface Group {
  readonly environment: string;
  readonly component: string;
  readonly version: string;
}
type Place = readonly [environment: string, component: string, version: string, name: string, host: string];

/**
 * Which hosts say that they run a product, in the order of environment, component, version and name: a page at a time,
 * each at the cost of a page, however many hosts there are. Filters that fit few hosts give short pages.
 * @throws XylemError E_NOT_FOUND, E_SELECTOR, E_INPUT for an `after` that no page gave
 */
export async function whereHosts(
  root: Sight,
  product: string,
  within: Within,
  query: WhereHostsQuery,
): Promise<WhereHosts> {
  await productNamed(root.db, product);
  const patterns = query.environment === undefined ? undefined : [query.environment];
  const environments = await environmentsMatching(root.db, patterns, root.config.tenant, within);
  const refs = new Map(environments.map((row) => [row.id, refOf(row)]));
  const names = new Map(environments.map((row) => [row.id, fullName(row)]));
  const nameOf = (group: Group): string => names.get(group.environment) ?? '';
  const after = query.after === undefined ? null : placeOf(query.after);
  const groups = (await groupsOf(root, product, query))
    .filter(({ environment }) => names.has(environment))
    .map((group) => ({ ...group, key: keyOf([nameOf(group), group.component, group.version]) }))
    .filter(({ key }) => after === null || key >= keyOf(after))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const limit = Math.min(Number(query.limit ?? defaultLimit), mostLooked);
  const selector = query.where === undefined ? null : parseSelector(query.where);
  const isNarrow = selector !== null || query.state !== undefined;
  const hosts: WhereHosts['hosts'] = [];
  let looked = 0;
  for (const group of groups) {
    const from = after !== null && group.key === keyOf(after) ? after : null;
    let last: Place = from ?? [nameOf(group), group.component, group.version, '', ''];
    const most = isNarrow ? mostLooked - looked : limit - hosts.length;
    const rows = await rowsOf(root, product, group, from, most);
    looked += rows.length + lookCost;
    for (const row of rows) {
      last = [nameOf(group), group.component, group.version, row.name, row.host];
      const host = shown(root, group, row);
      const ref = refs.get(group.environment);
      if (ref === undefined || !fits(query, selector, row, host.state)) continue;
      hosts.push({ ...host, environment: ref });
      if (hosts.length >= limit) return { product, hosts, next: textOf(last) };
    }
    if (rows.length >= most || looked >= mostLooked) return { product, hosts, next: textOf(last) };
  }
  return { product, hosts, next: null };
}

/** In the order of their parts; a name holds no NUL. */
const keyOf = ([environment, component, version]: readonly string[]): string =>
  [environment, component, version].join('\0');

const textOf = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64url');

function placeOf(text: string): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(place) && place.length === 5 && place.every((part) => typeof part === 'string'))
      return place as unknown as Place;
  } catch {}
  throw new XylemError(
    'E_INPUT',
    `${JSON.stringify(text)} is no place after a page: give the one that a page named.`,
  );
}

async function groupsOf(
  { db }: Sight,
  product: string,
  { component, version }: WhereHostsQuery,
): Promise<Group[]> {
  let rows = db
    .selectFrom('running_counts')
    .select(['environment', 'component', 'version'])
    .where('product', '=', product);
  if (component !== undefined) rows = rows.where('component', '=', component);
  if (version !== undefined) rows = rows.where('version', '=', version);
  return await rows.execute();
}

async function rowsOf({ db }: Sight, product: string, group: Group, from: Place | null, most: number) {
  let rows = db
    .selectFrom('host_components as c')
    .innerJoin('host_states as s', 's.host', 'c.host')
    .innerJoin('hosts as h', 'h.id', 'c.host')
    .select(['c.host', 'c.name', 'c.healthy', 's.state', 's.heard_ms', 'h.labels'])
    .where('c.environment', '=', group.environment)
    .where('c.product', '=', product)
    .where('c.component', '=', group.component)
    .where('c.version', '=', group.version)
    .where('c.retired', '=', 0)
    .orderBy('c.name')
    .orderBy('c.host')
    .limit(most);
  if (from !== null)
    rows = rows.where((e) => e(e.refTuple('c.name', 'c.host'), '>', e.tuple(from[3], from[4])));
  return await rows.execute();
}

function shown(
  { clock, directing }: Sight,
  { environment, component, version }: Group,
  row: Row,
): Omit<WhereHosts['hosts'][number], 'environment'> {
  const everySeconds = directing.state(environment)?.policy.reportEverySeconds ?? 3600;
  const state = (row.state ?? 'joined') as HostState;
  const isSilent = isSpoken(state) && clock.now() - (row.heard_ms ?? 0) > silentAfterMs(everySeconds);
  return {
    id: row.host,
    name: row.name,
    component,
    version,
    healthy: row.healthy === null ? null : row.healthy === 1,
    state: isSilent ? 'silent' : state,
  };
}

function fits(
  query: WhereHostsQuery,
  selector: ReturnType<typeof parseSelector> | null,
  row: Row,
  state: HostState,
): boolean {
  if (query.state !== undefined && query.state !== state) return false;
  if (selector === null) return true;
  const labels = JSON.parse(row.labels) as Record<string, string>;
  return selects(selector, { id: row.host as HostId, name: row.name, labels });
}
