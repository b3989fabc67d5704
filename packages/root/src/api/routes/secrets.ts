import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** What is sealed for an environment's hosts (docs/spec/secrets.md). No plain text and no key comes this way. */
export const secretRoutes = {
  secretsShow: {
    method: 'GET',
    path: '/environments/:tenant/:environment/secrets',
    needs: { permission: 'read', where: 'environment' },
    params: s.EnvironmentParams,
    response: s.Secrets,
    summary: 'Sealed values of an environment, and which hosts can open them',
  },
  secretsChange: {
    method: 'POST',
    path: '/environments/:tenant/:environment/secrets',
    needs: { permission: 'operate', where: 'environment' },
    params: s.EnvironmentParams,
    maxBodyBytes: 64 * 1024 * 1024,
    body: s.SecretsChange,
    response: s.Secrets,
    summary: 'Set and remove sealed values, wrap their key for hosts, begin another generation',
  },
} as const satisfies Record<string, RouteContract>;
