import { createHttpClient } from '@xylem/platform';
import { httpSource } from '@xylem/store';
import { clientTls } from '@xylem/trust';
import type { Root } from '../root.ts';
import { catchUp } from './catch-up.ts';
import { heardSince } from './heard.ts';

const maxRelays = 50;

/**
 * Asks the relays that have reported since the restore for what was published after the backup. Only those that an
 * operator let serve: a URL in a report is a host's word.
 */
export async function askRelays(root: Root): Promise<string[]> {
  const mark = root.restored.read();
  if (mark === null) return [];
  const allowed = await root.db
    .selectFrom('hosts')
    .select('id')
    .where('serve', '=', 1)
    .where('retired', '=', 0)
    .execute();
  const relays = new Set(allowed.map(({ id }) => id));
  const urls = (await heardSince(root, mark)).flatMap(({ host, serves }) =>
    serves !== undefined && relays.has(host) && serves.url.startsWith('https://') ? [serves.url] : [],
  );
  const client = createHttpClient({ tls: () => clientTls(root.identity()) });
  const taken: string[] = [];
  try {
    for (const url of urls.slice(0, maxRelays)) {
      try {
        taken.push(...(await catchUp(root, httpSource(client, url))));
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
