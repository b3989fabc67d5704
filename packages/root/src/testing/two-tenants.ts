import type { TestContext } from 'node:test';
import type { Grant } from '../api/schemas/index.ts';
import { type ApiClient, apiClient } from './api-client.ts';
import { type FakeHost, fakeHost } from './fake-host.ts';
import { type RootFixture, type RootFixtureOptions, rootFixture } from './root-fixture.ts';

export interface Someone {
  readonly name: string;
  readonly api: ApiClient;
}

/** An installation of two tenants with a host of the first, and people of each. */
export interface TwoTenants {
  readonly root: RootFixture;
  readonly web: FakeHost;
  readonly from: string;
  readonly to: string;
  /** An account with these grants, signed in. */
  person(name: string, ...grants: Grant[]): Promise<Someone>;
  /** With the token of an API token. */
  by(token: string): ApiClient;
  joined(name: string, environment?: string): Promise<FakeHost>;
}

const password = 'a password of some length';

export async function twoTenants(t: TestContext, options: RootFixtureOptions = {}): Promise<TwoTenants> {
  const root = await rootFixture(t, options);
  const environments: string[] = [];
  for (const name of ['acme/production', 'globex/production'])
    environments.push((await root.api('environmentCreate', { body: { name } })).id);
  const [from = '', to = ''] = environments;
  const by = (token: string): ApiClient => apiClient(() => root.running().apiUrl, token);
  const joined = async (name: string, environment = 'acme/production'): Promise<FakeHost> => {
    const labels = { role: 'acme-secret-role' };
    const { token } = await root.api('tokenCreate', { body: { environment, labels } });
    return await fakeHost(root, token, { name });
  };
  return {
    root,
    from,
    to,
    by,
    joined,
    web: await joined('acme-web-1'),
    person: async (name, ...grants) => {
      await root.api('personCreate', { body: { name, password, grants } });
      return { name, api: by((await root.api('signIn', { body: { name, password } })).token) };
    },
  };
}
