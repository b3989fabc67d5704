import { apiClient } from './api-client.ts';
import type { RootFixture } from './root-fixture.ts';

/** Makes a person of acme. @returns the API as they call it, signed in */
export async function personOf(root: RootFixture, name: string, role: 'admin' | 'operator' = 'admin') {
  const password = 'a password of some length';
  await root.api('personCreate', { body: { name, password, grants: [{ role, scope: 'acme' }] } });
  const { token } = await root.api('signIn', { body: { name, password } });
  return apiClient(() => root.running().apiUrl, token);
}
