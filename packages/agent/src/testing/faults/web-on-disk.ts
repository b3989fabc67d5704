import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog, systemClock } from '@xylem/platform';
import { type Cleanup, freePort, removeLater } from '@xylem/testkit';
import { stopServices } from '../../supervisor/stop-services.ts';
import { reported, Site, webService } from '../site.ts';

/** A host whose state lies in `folder`, and its service `api`, which answers with its version. */
export async function webOnDisk(context: Cleanup, folder: string) {
  const site = await Site.create(context);
  const front = await site.front();
  const port = await freePort();
  const joined = await site.host([front.url]);
  const stateFolder = join(folder, 'state');
  await cp(joined.stateFolder, stateFolder, { recursive: true });
  const host = { ...joined, stateFolder };
  const stop = () => stopServices({ stateFolder, clock: systemClock, log: silentLog });
  removeLater(context, async () => void (await stop()));
  return {
    site,
    host,
    /** Ends the service without the agent. */
    stop,
    publish: async (version: string): Promise<void> => {
      const { files, document } = webService(version, port);
      const api = await site.publish('api', version, files, document);
      await site.assign([{ release: await site.vendor.release(version, [api]), package: api }]);
    },
    /** What the service says now; null: nobody answers. */
    answer: (): Promise<string | null> =>
      fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(
        (response) => response.text(),
        () => null,
      ),
    says: (what: string, fits: Parameters<typeof reported>[3]) => reported(front, host, what, fits),
  };
}
