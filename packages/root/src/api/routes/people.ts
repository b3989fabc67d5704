import type { RouteContract } from '../contract.ts';
import { Nothing } from '../schemas/common.ts';
import * as s from '../schemas/index.ts';

const administration = { permission: 'administer', where: 'installation' } as const;

/** Local accounts, signing in, sessions (docs/spec/people.md). */
export const peopleRoutes = {
  signIn: {
    method: 'POST',
    path: '/sign-in',
    needs: { where: 'nobody' },
    maxBodyBytes: 16 * 1024,
    body: s.SignIn,
    response: s.SignedIn,
    summary: 'A session for a name and its password',
  },
  sessionList: {
    method: 'GET',
    path: '/sessions',
    needs: { where: 'own' },
    response: s.Sessions,
    summary: "One's own sessions; everybody's for who administers the installation",
  },
  sessionRevoke: {
    method: 'DELETE',
    path: '/sessions/:id',
    needs: { where: 'own' },
    params: s.SessionParams,
    response: Nothing,
    summary: 'End a session',
  },
  personCreate: {
    method: 'POST',
    path: '/people',
    needs: administration,
    body: s.PersonCreate,
    response: s.Person,
    summary: 'Create an account',
  },
  personList: {
    method: 'GET',
    path: '/people',
    needs: administration,
    response: s.People,
    summary: 'Accounts and their grants, and who of an issuer is shut out',
  },
  personGrants: {
    method: 'POST',
    path: '/people/:name/grants',
    needs: administration,
    params: s.PersonParams,
    body: s.PersonGrants,
    response: s.Person,
    summary: 'Give grants to a person and take others away',
  },
  personDisable: {
    method: 'POST',
    path: '/people/:name/disabled',
    needs: administration,
    params: s.PersonParams,
    body: s.PersonDisable,
    response: s.Person,
    summary: 'Disable an account, or enable it again',
  },
  personPassword: {
    method: 'PUT',
    path: '/people/:name/password',
    needs: { where: 'own' },
    maxBodyBytes: 16 * 1024,
    params: s.PersonParams,
    body: s.PersonPassword,
    response: Nothing,
    summary: "Set one's own password; anybody's for who administers the installation",
  },
} as const satisfies Record<string, RouteContract>;
