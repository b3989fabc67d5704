import type { RootFixture } from '../root-fixture.ts';
import type { Permission } from './identities.ts';
import type { Place } from './places.ts';

/** What is asked of one operation, naming things of a place. */
export interface Asking {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * Who may ask it, as a person decided. `at`: where the permission must hold. `thing`: something of an environment, by
 * its own id. `mapping`: the product of the place put into an environment of one's own. `serving`: a relay of one's
 * own that shall serve the whole tenant. `tenant`: something of the whole tenant.
 * `nobody`: whoever, and it does not let them in. `nothing`: what is not there for anybody.
 */
export interface Decision {
  readonly at:
    | 'own'
    | 'nobody'
    | 'nothing'
    | 'installation'
    | 'list'
    | 'environment'
    | 'thing'
    | 'product'
    | 'tenant'
    | 'mapping'
    | 'serving';
  readonly permission: Permission;
  readonly ask: (target: Place, own: Place, root: RootFixture) => Asking | Promise<Asking>;
}

/** A decision: where the permission must hold, which one, and what is asked. */
export const decide =
  (at: Decision['at'], permission: Permission) =>
  (ask: Decision['ask'] = () => ({})): Decision => ({ at, permission, ask });

/** What everybody sees of themselves. */
export const own = decide('own', 'read')();

/** What needs the permission for the whole installation. */
export const onlyInstallation = (permission: Permission, ask?: Decision['ask']) =>
  decide('installation', permission)(ask);

/** What each sees as far as their permission goes. */
export const list = (permission: Permission) => decide('list', permission)();

/** What is asked of the environment `live`. */
export const inEnvironment = (permission: Permission, body?: unknown) =>
  decide(
    'environment',
    permission,
  )(({ tenant }) => ({
    params: { tenant, environment: 'live' },
    ...(body === undefined ? {} : { body }),
  }));

/** A list, asked for one environment. */
export const ofEnvironment = (permission: Permission) =>
  decide('environment', permission)(({ live }) => ({ query: { environment: live.name } }));

/** What is asked of the product of the place. */
export const atProduct = (permission: Permission, asking: (place: Place) => Asking = () => ({})) =>
  decide(
    'product',
    permission,
  )((place) => {
    const { params, ...rest } = asking(place);
    return { params: { product: place.product, ...params }, ...rest };
  });

/** What is asked of something by its own id. */
export const thing = (permission: Permission, ask: Decision['ask']) => decide('thing', permission)(ask);
