import type { TestContext } from 'node:test';
import { systemClock } from '@xylem/platform';
import type { Grant } from '../../api/schemas/common.ts';
import { madeIssuer } from '../made-issuer.ts';
import type { RootFixture } from '../root-fixture.ts';
import type { ShiftedClock } from '../shifted-clock.ts';
import type { Place, Site } from './places.ts';

/** Somebody who asks. */
export interface Identity {
  readonly name: string;
  readonly token: string | null;
  /** Null: nobody, or a token that is worth nothing. */
  readonly grants: readonly Grant[] | null;
  /** Where they belong; of two places, the first for who belongs nowhere. */
  readonly own: Place;
}

const roles = ['viewer', 'operator', 'approver', 'publisher', 'admin'] as const;

export async function makeIdentities(
  t: Pick<TestContext, 'after'>,
  root: RootFixture,
  clock: ShiftedClock,
  places: readonly [Place, Place],
): Promise<Identity[]> {
  const [first] = places;
  const tokenOf = async (name: string, grants: readonly Grant[], expiresInSeconds?: number) =>
    root.api('apiTokenCreate', {
      body: { name, grants: [...grants], ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }) },
    });
  const identity = async (name: string, own: Place, ...grants: Grant[]): Promise<Identity> => ({
    name,
    own,
    grants,
    token: (await tokenOf(`identity ${name.length}`, grants)).token,
  });
  const everything: Grant = { role: 'admin', scope: '*' };
  const expired = await tokenOf('expired', [everything], 60);
  clock.pass(61_000);
  const revoked = await tokenOf('revoked', [everything]);
  await root.api('apiTokenDelete', { params: { id: revoked.id } });
  const password = 'a password of some length';
  await root.api('personCreate', { body: { name: 'zoe', password } });
  const person = async (name: string, own: Place, grant: Grant): Promise<Identity> => {
    await root.api('personCreate', { body: { name, password, grants: [grant] } });
    const { token } = await root.api('signIn', { body: { name, password } });
    return { name: `${name}, signed in`, own, grants: [grant], token };
  };
  const made: Identity[] = [
    { name: 'nobody', token: null, grants: null, own: first },
    { name: 'nonsense', token: 'xyo1.nonsense', grants: null, own: first },
    { name: 'expired', token: expired.token, grants: null, own: first },
    { name: 'revoked', token: revoked.token, grants: null, own: first },
    await identity('admin of everything', first, everything),
    await identity('viewer of everything', first, { role: 'viewer', scope: '*' }),
  ];
  for (const place of places) {
    for (const role of roles) {
      made.push(await identity(`${role} of ${place.tenant}`, place, { role, scope: place.tenant }));
    }
    for (const role of ['operator', 'admin'] as const) {
      made.push(await identity(`${role} of ${place.live.name}`, place, { role, scope: place.live.name }));
    }
    for (const role of ['viewer', 'publisher'] as const) {
      const scope = `product:${place.product}`;
      made.push(await identity(`${role} of ${scope}`, place, { role, scope }));
    }
  }
  made.push(await person('anna', first, { role: 'operator', scope: first.tenant }));
  // Known by a group alone; the first, because who administers everything also tries to remove the issuer.
  const byGroup: Grant = { role: 'operator', scope: first.tenant };
  const token = await signedInByIssuer(t, root, clock, byGroup);
  made.unshift({ name: 'ben, by an issuer', own: first, grants: [byGroup], token });
  return made;
}

async function signedInByIssuer(
  t: Pick<TestContext, 'after'>,
  root: RootFixture,
  clock: ShiftedClock,
  grant: Grant,
): Promise<string> {
  const issuer = await madeIssuer(t, systemClock.now);
  const idToken = await issuer.token({ aud: 'xylem', sub: 'ben', groups: ['ben-and-others'] });
  const json = (path: string, value: object, status = 200): void =>
    issuer.on(path, (response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    });
  const verification = { user_code: 'ABCD', verification_uri: 'https://login.example/device' };
  json('/device', { ...verification, device_code: 'x', expires_in: 600 });
  json('/token', { access_token: 'x', token_type: 'Bearer', id_token: idToken });
  await root.api('oidcSet', { body: { issuer: issuer.url, clientId: 'xylem' } });
  await root.api('groupGrants', { body: { group: 'ben-and-others', add: [grant] } });
  const { handle } = await root.api('deviceBegin', { body: {} });
  clock.pass(5001);
  const { session } = await root.api('devicePoll', { body: { handle } });
  if (session === null) throw new Error('the issuer let nobody in');
  // From now on it lets nobody begin.
  json('/device', { error: 'invalid_client' }, 401);
  return session.token;
}

type Permission = 'read' | 'operate' | 'approve' | 'publish' | 'administer';

/** Written down once more, apart from the program's own table. */
const permissions: Readonly<Record<Grant['role'], readonly Permission[]>> = {
  viewer: ['read'],
  operator: ['read', 'operate'],
  approver: ['read', 'approve'],
  publisher: ['read', 'publish'],
  admin: ['read', 'operate', 'approve', 'publish', 'administer'],
};

/** Whether one of the grants has the permission at exactly one of these scopes, or at `*`. */
export function holds({ grants }: Identity, permission: Permission, ...scopes: readonly string[]): boolean {
  return (grants ?? []).some(
    ({ role, scope }) => permissions[role].includes(permission) && ['*', ...scopes].includes(scope),
  );
}

export const holdsAnywhere = ({ grants }: Identity, permission: Permission): boolean =>
  (grants ?? []).some(({ role }) => permissions[role].includes(permission));
export const holdsIn = (
  identity: Identity,
  permission: Permission,
  place: Place,
  site: Site = place.live,
): boolean => holds(identity, permission, place.tenant, site.name);
export const sees = (identity: Identity, place: Place): boolean =>
  holdsIn(identity, 'read', place) ||
  holdsIn(identity, 'read', place, place.test) ||
  holds(identity, 'read', `product:${place.product}`);
export type { Permission };
