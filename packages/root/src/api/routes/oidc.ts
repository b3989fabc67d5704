import type { RouteContract } from '../contract.ts';
import { Nothing } from '../schemas/common.ts';
import * as s from '../schemas/index.ts';

/** By whom everybody signs in, and what groups of theirs may: only who administers everything says that. */
const administration = { permission: 'administer', where: 'installation' } as const;

/** Signing in by an OpenID Connect issuer (docs/spec/people.md). */
export const oidcRoutes = {
  oidcSet: {
    method: 'PUT',
    path: '/oidc',
    needs: administration,
    maxBodyBytes: 16 * 1024,
    body: s.OidcSet,
    response: s.OidcWas,
    summary: 'Let people sign in by an issuer; sessions by the one before end',
  },
  oidcShow: {
    method: 'GET',
    path: '/oidc',
    needs: administration,
    response: s.OidcShown,
    summary: 'By which issuer people sign in',
  },
  oidcRemove: {
    method: 'DELETE',
    path: '/oidc',
    needs: administration,
    response: Nothing,
    summary: 'Let nobody sign in by an issuer any more, and end the sessions that did',
  },
  oidcPersonDisable: {
    method: 'POST',
    path: '/oidc/people/disabled',
    needs: administration,
    body: s.OidcPersonDisable,
    response: s.OidcPersonDisabled,
    summary: 'Shut out one person of an issuer and end their sessions, or let them in again',
  },
  deviceBegin: {
    method: 'POST',
    path: '/login/device',
    needs: { where: 'nobody' },
    maxBodyBytes: 4 * 1024,
    body: s.DeviceBegin,
    response: s.DeviceBegun,
    summary: 'A code that a person enters at the issuer, in any browser',
  },
  devicePoll: {
    method: 'POST',
    path: '/login/device/poll',
    needs: { where: 'nobody' },
    maxBodyBytes: 4 * 1024,
    body: s.DevicePoll,
    response: s.DevicePolled,
    summary: 'The session, once the person has approved it',
  },
  groupList: {
    method: 'GET',
    path: '/groups',
    needs: administration,
    response: s.Groups,
    summary: "The issuer's groups that may do something",
  },
  groupGrants: {
    method: 'POST',
    path: '/groups/grants',
    needs: administration,
    maxBodyBytes: 64 * 1024,
    body: s.GroupGrants,
    response: s.GroupChanged,
    summary: 'Give grants to a group and take others away',
  },
} as const satisfies Record<string, RouteContract>;
