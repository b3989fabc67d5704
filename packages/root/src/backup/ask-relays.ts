import type { EnvironmentId, Report } from '@xylem/core';
import { createHttpClient } from '@xylem/platform';
import { httpSource, type ObjectSource } from '@xylem/store';
import { clientTls } from '@xylem/trust';
import { allEnvironments } from '../environments/names.ts';
import { takeFoundRoots } from '../keys/found-roots.ts';
import type { Root } from '../root.ts';
import { catchUp } from './catch-up.ts';
import { findDirection } from './find-direction.ts';
import { foundDirections, foundHosts, noteDirection } from './found.ts';
import { heardSince, highest } from './heard.ts';

const maxRelays = 50;

/**
 * Asks the relays that have reported since the restore for what is newer than the backup: what was published, and what
 * was directed. Only those that an operator let serve, or whose certificate does: a URL in a report is a host's word.
 */
export async function askRelays(root: Root): Promise<string[]> {
  const mark = root.restored.read();
  if (mark === null) return [];
  const heard = await heardSince(root.db, mark);
  const relays = await relaysOf(root);
  const urls = heard.flatMap(({ host, serves }) =>
    serves !== undefined && relays.has(host) && serves.url.startsWith('https://') ? [serves.url] : [],
  );
  const client = createHttpClient({ tls: () => clientTls(root.identity()) });
  const taken: string[] = [];
  try {
    for (const url of urls.slice(0, maxRelays)) {
      try {
        const source = httpSource(client, url);
        taken.push(...(await catchUp(root, source)), ...(await takeDirections(root, source, heard)));
      } catch (error) {
        root.log.warn('a relay could not be asked for what was lost', { url, error });
      }
    }
  } finally {
    client.close();
  }
  if (taken.length > 0) root.log.info('took from relays what the backup lacks', { taken });
  return taken;
}

async function relaysOf(root: Root): Promise<ReadonlySet<string>> {
  const registered = await root.db
    .selectFrom('hosts')
    .select('id')
    .where('serve', '=', 1)
    .where('retired', '=', 0)
    .execute();
  const certified = (await foundHosts(root.db)).filter(({ own }) => own !== null && own.serves !== null);
  return new Set([...registered.map(({ id }) => id), ...certified.map(({ host }) => host)]);
}

/** The directions of those environments whose hosts accepted something newer than what is known here. */
async function takeDirections(root: Root, source: ObjectSource, heard: readonly Report[]): Promise<string[]> {
  const taken: string[] = [];
  const found = await foundDirections(root.db);
  for (const { id } of await allEnvironments(root.db)) {
    // Keys may have changed though what is directed has not.
    await takeFoundRoots(root, source, id);
    const known = Math.max(found.get(id)?.number ?? 0, root.directing.state(id)?.number ?? 0);
    if (highest(heard, id).number <= known) continue;
    const direction = await findDirection(root, source, id as EnvironmentId);
    if (direction === null || direction.state.number <= known) continue;
    await noteDirection(root.db, direction);
    taken.push(`direction ${direction.state.name} ${direction.state.number}`);
  }
  return taken;
}
