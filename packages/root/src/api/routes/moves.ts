import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Requests to move hosts to another tenant. `hostMoveEnvironment` makes them. */
export const moveRoutes = {
  moveList: {
    method: 'GET',
    path: '/moves',
    needs: { permission: 'read', where: 'anywhere' },
    response: s.Moves,
    summary: 'Move requests of the environments that one reads, on either side, the newest first',
  },
  moveShow: {
    method: 'GET',
    path: '/moves/:id',
    needs: { permission: 'read', where: 'anywhere' },
    params: s.MoveParams,
    response: s.MoveDetail,
    summary: 'A move request with its hosts',
  },
  moveApprove: {
    method: 'POST',
    path: '/moves/:id/approve',
    needs: { permission: 'administer', where: 'anywhere' },
    params: s.MoveParams,
    body: s.MoveApprove,
    response: s.Move,
    summary: 'Approve a move request for a side; the last approval moves the hosts',
  },
  moveRefuse: {
    method: 'POST',
    path: '/moves/:id/refuse',
    needs: { permission: 'administer', where: 'anywhere' },
    params: s.MoveParams,
    body: s.MoveRefuse,
    response: s.Move,
    summary: 'Refuse an open move request for a side',
  },
  moveCancel: {
    method: 'POST',
    path: '/moves/:id/cancel',
    needs: { permission: 'operate', where: 'anywhere' },
    params: s.MoveParams,
    response: s.Move,
    summary: 'Take an open move request back, as who operates its hosts',
  },
} as const satisfies Record<string, RouteContract>;
