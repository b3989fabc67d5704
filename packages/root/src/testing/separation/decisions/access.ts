import type { Operation } from '../../../api/contract.ts';
import { type Decision, decide, list, onlyInstallation, own } from '../decide.ts';

const digest = '0'.repeat(64);

/** Who may sign in, and as whom. */
export const ofAccess = {
  apiTokenCreate: [
    decide(
      'tenant',
      'administer',
    )(({ tenant }) => ({
      body: { name: 'made', grants: [{ role: 'viewer', scope: tenant }] },
    })),
    onlyInstallation('administer', () => ({
      body: { name: 'made', grants: [{ role: 'viewer', scope: '*' }] },
    })),
  ],
  apiTokenList: [list('administer')],
  apiTokenDelete: [
    decide(
      'tenant',
      'administer',
    )(async ({ tenant, apiToken }, _own, root) => {
      if (tenant === 'cedar') return { params: { id: apiToken } };
      const grants = [{ role: 'viewer' as const, scope: tenant }];
      const fresh = await root.api('apiTokenCreate', { body: { name: 'fresh', grants } });
      return { params: { id: fresh.id } };
    }),
  ],
  signIn: [
    { at: 'nobody', permission: 'read', ask: () => ({ body: { name: 'nobody', password: 'wrong' } }) },
  ],
  ciTrust: [onlyInstallation('administer', () => ({ body: {} }))],
  ciList: [onlyInstallation('administer')],
  ciDistrust: [
    onlyInstallation('administer', async (_target, _own, root) => {
      const grants = [{ role: 'viewer' as const, scope: 'birch' }];
      const rule = { issuer: 'https://ci.example', audience: 'xylem', match: { ref: 'main' }, grants };
      const { id } = await root.api('ciTrust', { body: rule });
      return { params: { id } };
    }),
  ],
  loginExchange: [{ at: 'nobody', permission: 'read', ask: () => ({ body: { token: 'a.b.c' } }) }],
  oidcSet: [onlyInstallation('administer', () => ({ body: {} }))],
  oidcShow: [onlyInstallation('administer')],
  oidcRemove: [onlyInstallation('administer')],
  oidcPersonDisable: [onlyInstallation('administer', () => ({ body: {} }))],
  deviceBegin: [{ at: 'nobody', permission: 'read', ask: () => ({ body: {} }) }],
  devicePoll: [{ at: 'nobody', permission: 'read', ask: () => ({ body: { handle: 'x'.repeat(43) } }) }],
  groupList: [onlyInstallation('administer')],
  groupGrants: [onlyInstallation('administer', () => ({ body: {} }))],
  sessionList: [own],
  sessionRevoke: [
    { at: 'nothing', permission: 'read', ask: () => ({ params: { id: digest.slice(0, 32) } }) },
  ],
  personCreate: [onlyInstallation('administer', () => ({ body: {} }))],
  personList: [onlyInstallation('administer')],
  personGrants: [onlyInstallation('administer', () => ({ params: { name: 'x' }, body: { grants: [] } }))],
  personDisable: [onlyInstallation('administer', () => ({ params: { name: 'x' }, body: {} }))],
  personPassword: [
    onlyInstallation('administer', () => ({
      params: { name: 'zoe' },
      body: { password: 'long enough for that' },
    })),
  ],
} satisfies Partial<Record<Operation, readonly Decision[]>>;
