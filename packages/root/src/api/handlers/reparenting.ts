import { actOnReparenting, type ReparentingAct, undrain } from '../../reparenting/act.ts';
import { beginReparenting, type ReparentingTerms, type ReparentingWanted } from '../../reparenting/begin.ts';
import { listReparentings, showReparenting } from '../../reparenting/show.ts';
import type { Root } from '../../root.ts';
import type { Call, Handlers } from '../handlers.ts';
import type { reparentingRoutes } from '../routes/reparenting.ts';
import { refuseRestored } from './deployments.ts';

export function reparentingHandlers(root: Root): Pick<Handlers, keyof typeof reparentingRoutes> {
  const { db } = root;
  const begin = async (wanted: ReparentingWanted, terms: ReparentingTerms) => {
    await refuseRestored(root);
    const { id, chosen } = await beginReparenting(root, wanted, terms);
    const { hostList: _, ...reparenting } =
      id === null ? { hostList: [] } : await showReparenting(db, id, terms.who.access.within('read'));
    const targets = [...Map.groupBy(chosen, ({ parents }) => parents[0] ?? '')];
    return {
      reparenting: 'id' in reparenting ? reparenting : null,
      hosts: chosen.length,
      targets: targets.map(([url, hosts]) => ({ url, hosts: hosts.length })),
    };
  };
  const termsOf = (
    {
      firstBatch,
      mostFailed,
      dryRun = false,
    }: Pick<Call<'relayReplace'>['body'], 'firstBatch' | 'mostFailed' | 'dryRun'>,
    who: ReparentingTerms['who'],
  ): ReparentingTerms => ({ firstBatch, mostFailed, dryRun, who });
  const acting =
    (act: ReparentingAct) =>
    async ({ params, who }: Pick<Call<'reparentingPause'>, 'params' | 'who'>) => {
      await refuseRestored(root);
      await actOnReparenting(root, params.id, act, who);
      return await showReparenting(db, params.id, who.access.within('read'));
    };
  return {
    reparentingBegin: ({ body, who }) =>
      begin({ kind: 'move', select: body.select, parents: body.parents }, termsOf(body, who)),
    relayDrain: ({ body, who }) =>
      begin({ kind: 'drain', relay: body.relay, to: body.to ?? [] }, termsOf(body, who)),
    relayReplace: ({ body, who }) =>
      begin({ kind: 'replace', relay: body.relay, by: body.by }, termsOf(body, who)),
    relayUndrain: async ({ body, who }) => {
      await undrain(root, body.relay, who);
      return { relay: body.relay, drained: false };
    },
    reparentingList: async ({ who }) => ({
      reparentings: await listReparentings(db, who.access.within('read')),
    }),
    reparentingShow: ({ params, who }) => showReparenting(db, params.id, who.access.within('read')),
    reparentingPause: acting('pause'),
    reparentingResume: acting('resume'),
    reparentingCancel: acting('cancel'),
  };
}
