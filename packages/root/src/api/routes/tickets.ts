import type { RouteContract } from '../contract.ts';
import { Nothing } from '../schemas/common.ts';
import * as s from '../schemas/index.ts';

/** Whom the root server asks, with which secret: only who administers everything says that. */
const administration = { permission: 'administer', where: 'installation' } as const;

/** Change tickets. */
export const ticketRoutes = {
  changeSourceSet: {
    method: 'PUT',
    path: '/change-source',
    needs: administration,
    maxBodyBytes: 16 * 1024,
    body: s.ChangeSourceSet,
    response: s.ChangeSourceWithSecret,
    summary: 'Say who is asked about change tickets; answers with a new secret, once',
  },
  changeSourceShow: {
    method: 'GET',
    path: '/change-source',
    needs: administration,
    response: s.ChangeSourceShown,
    summary: 'Who is asked about change tickets',
  },
  changeSourceRemove: {
    method: 'DELETE',
    path: '/change-source',
    needs: administration,
    response: Nothing,
    summary: 'Ask nobody about change tickets',
  },
} as const satisfies Record<string, RouteContract>;
