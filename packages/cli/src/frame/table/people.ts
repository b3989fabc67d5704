import type { TableEntry } from './entry.ts';

/** Commands about who may do what, and who did. */
export const peopleTable: readonly TableEntry[] = [
  {
    path: 'api-token create',
    summary: 'Make a token for a program, with grants and an expiry',
    load: () => import('../../commands/api-token/create.ts'),
  },
  {
    path: 'api-token list',
    summary: 'API tokens, what they may and when they were used',
    load: () => import('../../commands/api-token/list.ts'),
  },
  {
    path: 'api-token revoke',
    summary: 'Make an API token useless',
    load: () => import('../../commands/api-token/revoke.ts'),
  },
  {
    path: 'ci trust',
    summary: "Exchange a CI system's own tokens for short-lived ones",
    load: () => import('../../commands/ci/trust.ts'),
  },
  {
    path: 'ci list',
    summary: 'Which tokens of CI systems are trusted, and for what',
    load: () => import('../../commands/ci/list.ts'),
  },
  {
    path: 'ci distrust',
    summary: 'Trust them no more, and end what they were given',
    load: () => import('../../commands/ci/distrust.ts'),
  },
  {
    path: 'person create',
    summary: 'Make an account for a person',
    load: () => import('../../commands/person/create.ts'),
  },
  {
    path: 'person list',
    summary: 'Accounts and what they may, and who is shut out',
    load: () => import('../../commands/person/list.ts'),
  },
  {
    path: 'person grant',
    summary: 'Give a person a role somewhere',
    load: () => import('../../commands/person/grant.ts'),
  },
  {
    path: 'person revoke',
    summary: 'Take a role away from a person',
    load: () => import('../../commands/person/revoke.ts'),
  },
  {
    path: 'person password',
    summary: 'Set a password',
    load: () => import('../../commands/person/password.ts'),
  },
  {
    path: 'person disable',
    summary: 'Shut an account, or one person of the issuer out',
    load: () => import('../../commands/person/disable.ts'),
  },
  {
    path: 'person enable',
    summary: 'Open a shut account again, or let that person in',
    load: () => import('../../commands/person/enable.ts'),
  },
  {
    path: 'oidc set',
    summary: 'Let people sign in by an issuer (OpenID Connect)',
    load: () => import('../../commands/oidc/set.ts'),
  },
  {
    path: 'oidc show',
    summary: 'By which issuer people sign in',
    load: () => import('../../commands/oidc/show.ts'),
  },
  {
    path: 'oidc remove',
    summary: 'Let nobody sign in by the issuer any more, and end those sessions',
    load: () => import('../../commands/oidc/remove.ts'),
  },
  {
    path: 'group grant',
    summary: "Give the issuer's group a role somewhere",
    load: () => import('../../commands/group/grant.ts'),
  },
  {
    path: 'group revoke',
    summary: 'Take a role away from a group',
    load: () => import('../../commands/group/revoke.ts'),
  },
  {
    path: 'group list',
    summary: 'Groups and what they may',
    load: () => import('../../commands/group/list.ts'),
  },
  {
    path: 'session list',
    summary: 'Where one is signed in',
    load: () => import('../../commands/session/list.ts'),
  },
  {
    path: 'session revoke',
    summary: 'End a session',
    load: () => import('../../commands/session/revoke.ts'),
  },
  {
    path: 'audit list',
    summary: 'Who changed what, newest first',
    load: () => import('../../commands/audit/list.ts'),
  },
  {
    path: 'audit export',
    summary: 'Write the audit log as JSON lines',
    load: () => import('../../commands/audit/export.ts'),
  },
  {
    path: 'audit verify',
    summary: 'Verify that nothing in the audit log was changed, removed or cut off',
    load: () => import('../../commands/audit/verify.ts'),
  },
];
