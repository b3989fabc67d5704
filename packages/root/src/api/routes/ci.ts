import type { RouteContract } from '../contract.ts';
import { Nothing } from '../schemas/common.ts';
import * as s from '../schemas/index.ts';

/** Each makes the root server ask an address: only who administers everything names one. */
const administration = { permission: 'administer', where: 'installation' } as const;

/** CI systems, by tokens of their own (docs/spec/people.md). */
export const ciRoutes = {
  loginExchange: {
    method: 'POST',
    path: '/login/exchange',
    needs: { where: 'nobody' },
    maxBodyBytes: 16 * 1024,
    body: s.CiExchange,
    response: s.SignedIn,
    summary: "An API token of 15 minutes for a CI system's own token",
  },
  ciTrust: {
    method: 'POST',
    path: '/ci/rules',
    needs: administration,
    maxBodyBytes: 64 * 1024,
    body: s.CiTrust,
    response: s.CiRule,
    summary: 'Trust tokens of a CI system',
  },
  ciList: {
    method: 'GET',
    path: '/ci/rules',
    needs: administration,
    response: s.CiRules,
    summary: 'Which tokens of CI systems are trusted',
  },
  ciDistrust: {
    method: 'DELETE',
    path: '/ci/rules/:id',
    needs: administration,
    params: s.CiRuleParams,
    response: Nothing,
    summary: 'Trust them no more, and end what they were given',
  },
} as const satisfies Record<string, RouteContract>;
