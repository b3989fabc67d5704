import { allEnvironments } from '../../environments/names.ts';
import { approveMove, cancelMove, type Decided, refuseMove } from '../../moves/decide.ts';
import { moveRequests, requestFor, sidesOf } from '../../moves/rows.ts';
import { apiMove, apiMoveDetail } from '../../moves/show.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { moveRoutes } from '../routes/moves.ts';

export function moveHandlers(root: Root): Pick<Handlers, keyof typeof moveRoutes> {
  const { db, clock } = root;
  const shown = async (who: Parameters<typeof approveMove>[1], { id, note }: Decided) => {
    const { request, sides } = await requestFor(db, id, who.access, clock.now());
    return apiMove(request, sides, note);
  };
  return {
    moveList: async ({ who }) => {
      const reads = who.access.within('read');
      const environments = (await allEnvironments(db)).filter(reads).map(({ id }) => id);
      const all = await moveRequests(db, { environments, nowMs: clock.now() });
      const own = all.map((request) => ({ request, sides: sidesOf(request, reads) }));
      return {
        moves: own
          .filter(({ sides }) => sides.length > 0)
          .map(({ request, sides }) => apiMove(request, sides)),
      };
    },
    moveShow: async ({ params, who }) => {
      const { request, sides } = await requestFor(db, params.id, who.access, clock.now());
      return await apiMoveDetail(db, request, sides);
    },
    moveApprove: async ({ params, body, who }) => shown(who, await approveMove(root, who, params.id, body)),
    moveRefuse: async ({ params, body, who }) => shown(who, await refuseMove(root, who, params.id, body)),
    moveCancel: async ({ params, who }) => shown(who, await cancelMove(root, who, params.id)),
  };
}
