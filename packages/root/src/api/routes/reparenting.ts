import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

const operate = { permission: 'operate', where: 'anywhere' } as const;
const read = { permission: 'read', where: 'anywhere' } as const;

/** Hosts that change their parents in batches (docs/spec/reparenting.md). */
export const reparentingRoutes = {
  reparentingBegin: {
    method: 'POST',
    path: '/reparentings',
    needs: operate,
    body: s.ReparentingMove,
    response: s.ReparentingWas,
    summary: 'Give hosts other parents in batches, each tested from the host before it leaves the old one',
  },
  relayDrain: {
    method: 'POST',
    path: '/relays/drain',
    needs: operate,
    body: s.RelayDrain,
    response: s.ReparentingWas,
    summary: 'Have all children of a relay go elsewhere; it gets no others',
  },
  relayUndrain: {
    method: 'POST',
    path: '/relays/undrain',
    needs: operate,
    body: s.RelayUndrain,
    response: s.RelayDrained,
    summary: 'Let a drained relay have children again',
  },
  relayReplace: {
    method: 'POST',
    path: '/relays/replace',
    needs: operate,
    body: s.RelayReplace,
    response: s.ReparentingWas,
    summary: 'Give the place of a relay to another: its parents, then its children',
  },
  reparentingList: {
    method: 'GET',
    path: '/reparentings',
    needs: read,
    response: s.Reparentings,
    summary: 'Reparentings, the newest first',
  },
  reparentingShow: {
    method: 'GET',
    path: '/reparentings/:id',
    needs: read,
    params: s.ReparentingParams,
    response: s.ReparentingDetail,
    summary: 'One reparenting with its hosts',
  },
  reparentingPause: {
    method: 'POST',
    path: '/reparentings/:id/pause',
    needs: operate,
    params: s.ReparentingParams,
    response: s.ReparentingDetail,
    summary: 'Begin no further batch',
  },
  reparentingResume: {
    method: 'POST',
    path: '/reparentings/:id/resume',
    needs: operate,
    params: s.ReparentingParams,
    response: s.ReparentingDetail,
    summary: 'Go on with the batches',
  },
  reparentingCancel: {
    method: 'POST',
    path: '/reparentings/:id/cancel',
    needs: operate,
    params: s.ReparentingParams,
    response: s.ReparentingDetail,
    summary: 'Have all hosts that went come back',
  },
} as const satisfies Record<string, RouteContract>;
