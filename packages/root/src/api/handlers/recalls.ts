import { visibleProducts } from '../../auth/visible.ts';
import { productDirections } from '../../deployments/rows.ts';
import { allEnvironments, refOf } from '../../environments/names.ts';
import { releaseNamed } from '../../publishing/releases.ts';
import { beginRecall, endRecall } from '../../recalls/begin.ts';
import { driveRecalls } from '../../recalls/drive.ts';
import { hostsLeft } from '../../recalls/hosts.ts';
import { noRecall, type RecallRow, recallNamed } from '../../recalls/rows.ts';
import { showRecall } from '../../recalls/show.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { recallRoutes } from '../routes/recalls.ts';
import { refuseRestored } from './deployments.ts';

/** The most that a list shows. */
const maxShown = 100;
const everywhere = () => true;

export function recallHandlers(root: Root): Pick<Handlers, keyof typeof recallRoutes> {
  const { db } = root;
  return {
    recallBegin: async ({ body, who }) => {
      await refuseRestored(root);
      if (body.dryRun === true) return { recall: null, ...(await concerned(root, body)) };
      const meant = await concerned(root, body);
      const id = await beginRecall(root, { ...body, who: who.name });
      await driveRecalls(root);
      return { recall: await showRecall(root, await recallNamed(db, id), everywhere), ...meant };
    },
    recallList: async ({ query, who }) => {
      const sees = await visibleProducts(db, who.access);
      let rows = db
        .selectFrom('recalls')
        .selectAll()
        .orderBy('since_ms', 'desc')
        .orderBy('id')
        .limit(maxShown);
      if (query.product !== undefined) rows = rows.where('product', '=', query.product);
      if (query.version !== undefined) rows = rows.where('version', '=', query.version);
      const seen = (await rows.execute()).filter(({ product }) => sees(product));
      const within = who.access.within('read');
      return { recalls: await Promise.all(seen.map((row) => showRecall(root, row, within))) };
    },
    recallShow: async ({ params, who }) => {
      const row = await recallNamed(db, params.id);
      const sees = await visibleProducts(db, who.access);
      if (!sees(row.product)) throw noRecall(params.id);
      return await showRecall(root, row, who.access.within('read'));
    },
    recallEnd: async ({ params, body, who }) => {
      await endRecall(root, params.id, { ...body, who: who.name });
      // Channels that point to it are followed again.
      await root.deploying.startWaiting();
      return await showRecall(root, await recallNamed(db, params.id), everywhere);
    },
  };
}

/** Where it is directed now, and how many hosts may run it. */
async function concerned({ db, clock }: Root, { product, version }: Pick<RecallRow, 'product' | 'version'>) {
  const { release } = await releaseNamed(db, product, version);
  const environments = [];
  for (const row of await allEnvironments(db)) {
    const direction = (await productDirections(db, row.id)).find((one) => one.product === product);
    const directed = [direction?.settled, ...(direction?.deployments ?? []).map((one) => one.release)];
    if (directed.some((one) => one?.digest === release)) environments.push(refOf(row));
  }
  const nowMs = clock.now();
  const hosts = await hostsLeft(db, { product, release, since_ms: nowMs }, everywhere, nowMs);
  return { environments, hosts: hosts.length };
}
