import type { Operation } from '../../api/contract.ts';
import type { RootFixture } from '../root-fixture.ts';
import { givingMove, takingMove } from './asked-moves.ts';
import type { Permission } from './identities.ts';
import type { Place } from './places.ts';
import { mailTo, noSubscription, subscribed } from './subscribed.ts';

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

const decide =
  (at: Decision['at'], permission: Permission) =>
  (ask: Decision['ask'] = () => ({})): Decision => ({ at, permission, ask });
const own = decide('own', 'read')();
const onlyInstallation = (permission: Permission, ask?: Decision['ask']) =>
  decide('installation', permission)(ask);
const list = (permission: Permission) => decide('list', permission)();
const inEnvironment = (permission: Permission, body?: unknown) =>
  decide(
    'environment',
    permission,
  )(({ tenant }) => ({
    params: { tenant, environment: 'live' },
    ...(body === undefined ? {} : { body }),
  }));
const ofEnvironment = (permission: Permission) =>
  decide('environment', permission)(({ live }) => ({ query: { environment: live.name } }));
const atProduct = (permission: Permission, asking: (place: Place) => Asking = () => ({})) =>
  decide(
    'product',
    permission,
  )((place) => {
    const { params, ...rest } = asking(place);
    return { params: { product: place.product, ...params }, ...rest };
  });
const thing = (permission: Permission, ask: Decision['ask']) => decide('thing', permission)(ask);
const host = thing('read', ({ live }) => ({ params: { host: live.host } }));
const hostByName = thing('read', ({ live }) => ({ params: { host: live.hostName } }));
const hosts = (more: object): Decision[] => [
  thing('operate', ({ live }) => ({ body: { select: { hosts: [live.host] }, dryRun: true, ...more } })),
  thing('operate', ({ live }) => ({ body: { select: { hosts: [live.hostName] }, dryRun: true, ...more } })),
  decide(
    'environment',
    'operate',
  )(({ tenant }) => ({
    body: { select: { environments: [`${tenant}/l*`] }, dryRun: true, ...more },
  })),
];
const deployment = (permission: Permission) =>
  thing(permission, ({ live }) => ({ params: { id: live.deployment } }));
const jobRun = (permission: Permission, asking: Asking = {}) =>
  thing(permission, ({ live }) => ({ params: { id: live.job }, ...asking }));
const plan = (permission: Permission, body?: unknown) =>
  thing(permission, ({ live }) => ({ params: { id: live.plan }, ...(body === undefined ? {} : { body }) }));
const document = { document: '{}', roles: [{ role: 'x', baseVersion: 0, metadata: '{}' }] };
const envelope = { payloadType: 'x', payload: 'e30=', signatures: [{ keyid: '', sig: 'AA==' }] };
const yamlOf = (product: string): string => `products:\n  ${product}: {}\n`;
const digest = '0'.repeat(64);
const metricSource = { params: { name: 'errors' }, body: { kind: 'program' as const, address: 'errors' } };

const ofMove = (permission: Permission, asking: (side: 'gives' | 'takes') => Asking): Decision[] =>
  (['gives', 'takes'] as const).map((side) =>
    decide(
      'tenant',
      permission,
    )(async (place, _own, root) => {
      const make = side === 'gives' ? givingMove : takingMove;
      return { params: { id: await make(place, root) }, ...asking(side) };
    }),
  );

const ofSubscription = (asking: Asking = {}): Decision =>
  thing('operate', async (place, _own, root) => {
    const { subscription } = await subscribed(place, root);
    return { params: { id: subscription }, ...asking };
  });
const ofDelivery = thing('operate', async (place, _own, root) => {
  const { delivery } = await subscribed(place, root);
  return { params: { id: delivery } };
});

/** A decision for every operation: a new route without one does not compile. */
export const decisions: Readonly<Record<Operation, readonly Decision[]>> = {
  whoami: [own],
  rootInfo: [own],
  releaseRepository: [onlyInstallation('publish')],
  releaseKeysPut: [onlyInstallation('publish', () => ({ body: {} }))],
  releaseKeysAdd: [onlyInstallation('administer', () => ({ body: {} }))],
  productList: [list('read')],
  productCreate: [onlyInstallation('publish', () => ({ body: {} }))],
  productShow: [atProduct('read')],
  productRoles: [atProduct('read')],
  chunksKnown: [atProduct('publish', () => ({ body: { digests: [digest] } }))],
  packPut: [atProduct('publish', () => ({ params: { pack: digest }, body: Buffer.from('nothing') }))],
  objectPut: [atProduct('publish', () => ({ params: { object: digest }, body: Buffer.from('nothing') }))],
  treeRegister: [atProduct('publish', () => ({ body: { tree: digest, treeChunks: [[digest, 1]] } }))],
  packageRegister: [atProduct('publish', () => ({ body: { document: '{}' } }))],
  packageList: [atProduct('read'), atProduct('read', ({ component }) => ({ query: { component } }))],
  packageShow: [atProduct('read', ({ component }) => ({ params: { component, version: '1.0.0' } }))],
  releaseCreate: [atProduct('publish', () => ({ body: document }))],
  productRolesPut: [atProduct('publish', () => ({ body: { roles: document.roles } }))],
  releaseList: [atProduct('read')],
  releaseShow: [atProduct('read', () => ({ params: { version: '1.0.0' } }))],
  evidenceAdd: [atProduct('publish', ({ release }) => ({ body: { digest: release, envelopes: ['{}'] } }))],
  releaseEvidence: [atProduct('read', () => ({ params: { version: '1.0.0' } }))],
  channelSet: [atProduct('publish', () => ({ params: { channel: 'stable' }, body: document }))],
  channelList: [atProduct('read')],
  environmentCreate: [
    decide('environment', 'administer')(({ live }) => ({ body: { name: live.name } })),
    decide('tenant', 'administer')(({ tenant }) => ({ body: { name: `${tenant}/new`, yaml: '- no' } })),
  ],
  quarantineSet: [
    decide(
      'environment',
      'operate',
    )(({ live, product }) => ({
      body: { product, version: '1.0.0', environments: [live.name], reason: 'no' },
    })),
  ],
  quarantineList: [list('read'), ofEnvironment('read')],
  quarantineLift: [inEnvironment('operate', { envelope })],
  operatorsShow: [inEnvironment('read')],
  operatorsTake: [inEnvironment('administer', { envelope })],
  jobRun: [
    decide(
      'environment',
      'operate',
    )(({ tenant, component }) => ({
      params: { tenant, environment: 'live' },
      // More than there are: nothing is ordered.
      body: { component, job: 'smoke', hosts: 1_000 },
    })),
  ],
  jobList: [list('read'), ofEnvironment('read')],
  jobShow: [jobRun('read')],
  jobStop: [jobRun('operate', { body: { reason: 'no' } })],
  migrationList: [inEnvironment('read')],
  migrationOrder: [inEnvironment('operate', { database: 'shop', action: 'run', dryRun: true })],
  migrationAdopt: [inEnvironment('operate', { database: 'shop', schema: 3 })],
  migrationExclude: [
    decide(
      'environment',
      'operate',
    )(({ tenant, live }) => ({
      params: { tenant, environment: 'live' },
      body: { database: 'shop', host: live.host, reason: 'no' },
    })),
  ],
  environmentList: [list('read')],
  environmentShow: [inEnvironment('read')],
  tenantList: [list('read')],
  tenantStages: [
    decide(
      'tenant',
      'administer',
    )(({ tenant }) => ({ params: { tenant }, body: { stages: ['development', 'production'] } })),
  ],
  environmentYaml: [inEnvironment('read')],
  secretsShow: [inEnvironment('read')],
  secretsChange: [inEnvironment('operate', { revision: 999, set: [], remove: [], wraps: [] })],
  environmentYamlPut: [
    inEnvironment('operate', { baseVersion: 999, yaml: 'products: {}\n' }),
    decide(
      'mapping',
      'operate',
    )((target, { tenant }) => ({
      params: { tenant, environment: 'live' },
      body: { baseVersion: 999, yaml: yamlOf(target.product), dryRun: true },
    })),
  ],
  environmentKeys: [inEnvironment('read')],
  environmentKeysNext: [inEnvironment('administer', { rotate: [] })],
  environmentKeysPut: [inEnvironment('administer', { base: 999, metadata: '{}' })],
  tokenCreate: [
    decide('environment', 'operate')(({ live }) => ({ body: { environment: live.name } })),
    decide(
      'serving',
      'operate',
    )((target, { live }) => ({
      body: { environment: live.name, serve: true, serves: [`${target.tenant}/*`] },
    })),
    decide(
      'installation',
      'operate',
    )(({ live }) => ({
      body: { environment: live.name, serve: true, serves: ['*'] },
    })),
  ],
  tokenList: [list('operate')],
  tokenDelete: [
    thing('operate', async ({ live, tenant }, _own, root) => {
      if (tenant === 'cedar') return { params: { id: live.joinToken } };
      const fresh = await root.api('tokenCreate', { body: { environment: live.name } });
      return { params: { id: fresh.id } };
    }),
  ],
  hostList: [list('read'), ofEnvironment('read')],
  hostShow: [host, hostByName],
  hostWhy: [host, hostByName],
  hostLabel: hosts({ set: { marked: 'yes' } }),
  hostMove: hosts({ parents: ['https://127.0.0.1:1'] }),
  hostConfigure: [
    ...hosts({ component: 'nothing', set: { key: 'value' } }),
    // Whether a component of someone else's takes such a value is not said either.
    decide(
      'mapping',
      'operate',
    )((target, { live }) => ({
      body: {
        select: { hosts: [live.host] },
        component: target.component,
        set: { key: 'value' },
        dryRun: true,
      },
    })),
  ],
  hostPin: hosts({ components: ['nothing'], reason: 'kept' }),
  hostUnpin: hosts({}),
  hostServe: [
    ...hosts({ serve: true }),
    decide(
      'serving',
      'operate',
    )((target, { live }) => ({
      body: { select: { hosts: [live.host] }, serve: true, serves: [`${target.tenant}/*`], dryRun: true },
    })),
  ],
  hostRevoke: hosts({ reason: 'lost' }),
  hostRetire: hosts({}),
  hostAdopt: hosts({ component: 'shop-api' }),
  hostMoveEnvironment: [
    thing('operate', ({ live }) => ({
      body: { select: { hosts: [live.host] }, environment: live.name, dryRun: true },
    })),
    // Whether there is an environment of another tenant's is not said to who would give it a host.
    decide(
      'mapping',
      'operate',
    )((target, { live }) => ({
      body: { select: { hosts: [live.host] }, environment: target.live.name, dryRun: true },
    })),
  ],
  moveList: [list('read')],
  moveShow: [
    thing('read', async (place, _own, root) => ({ params: { id: await givingMove(place, root) } })),
    thing('read', async (place, _own, root) => ({ params: { id: await takingMove(place, root) } })),
  ],
  moveApprove: ofMove('administer', (side) => ({ body: { side } })),
  moveRefuse: ofMove('administer', (side) => ({ body: { side, reason: 'no' } })),
  moveCancel: [
    thing('operate', async (place, _own, root) => ({ params: { id: await givingMove(place, root) } })),
  ],
  hostClearClone: hosts({}),
  hostUndoRevert: hosts({ product: 'shop' }),
  hostReplace: [thing('operate', ({ live }) => ({ body: { old: live.host, next: live.host } }))],
  deploymentCreate: [
    decide(
      'environment',
      'operate',
    )((target, mine) => ({
      body: {
        kind: 'deploy',
        product: mine.product,
        version: '1.0.0',
        environments: [target.live.name],
        dryRun: true,
      },
    })),
    decide(
      'mapping',
      'operate',
    )((target, { live }) => ({
      body: {
        kind: 'deploy',
        product: target.product,
        version: '1.0.0',
        environments: [live.name],
        dryRun: true,
      },
    })),
  ],
  planCreate: [
    decide(
      'environment',
      'operate',
    )((target, mine) => ({
      body: { kind: 'deploy', product: mine.product, version: '1.0.0', environments: [target.live.name] },
    })),
    decide(
      'mapping',
      'operate',
    )((target, { live }) => ({
      body: { kind: 'deploy', product: target.product, version: '1.0.0', environments: [live.name] },
    })),
  ],
  planList: [list('read'), ofEnvironment('read')],
  planShow: [plan('read')],
  planHosts: [plan('read')],
  planRefresh: [plan('operate')],
  planApprove: [plan('approve', {})],
  planRefuse: [plan('approve', { reason: 'no', digest: '0'.repeat(64) })],
  planStart: [plan('operate', { dryRun: true })],
  deploymentList: [list('read'), ofEnvironment('read')],
  deploymentShow: [deployment('read')],
  deploymentEvents: [deployment('read')],
  deploymentEvidence: [deployment('read')],
  deploymentPause: [deployment('operate')],
  deploymentResume: [deployment('operate')],
  deploymentAbort: [deployment('operate')],
  status: [list('read'), ofEnvironment('read')],
  topology: [list('read'), ofEnvironment('read')],
  where: [
    atProduct('read'),
    decide(
      'environment',
      'read',
    )(({ live }, { product }) => ({
      params: { product },
      query: { environment: live.name },
    })),
  ],
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
  backupCreate: [onlyInstallation('administer', () => ({ body: { out: '/' } }))],
  restored: [onlyInstallation('read')],
  fourEyesShow: [own],
  fourEyesSet: [onlyInstallation('administer', () => ({ body: { on: false } }))],
  restoreConfirm: [onlyInstallation('administer', () => ({ body: { keep: 'hosts' } }))],
  auditList: [list('administer'), ofEnvironment('administer')],
  auditCheckpoint: [onlyInstallation('administer')],
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
  subscriptionCreate: [
    decide('tenant', 'operate')(({ tenant }) => ({ body: { ...mailTo, scope: tenant } })),
    decide('environment', 'operate')(({ live }) => ({ body: { ...mailTo, scope: live.name } })),
    onlyInstallation('operate', () => ({ body: { ...mailTo, scope: '*' } })),
  ],
  subscriptionList: [list('operate')],
  subscriptionShow: [ofSubscription()],
  subscriptionRotate: [ofSubscription({ body: {} })],
  subscriptionEnable: [ofSubscription()],
  subscriptionTest: [ofSubscription()],
  subscriptionRemove: [
    thing('operate', async ({ live, tenant }, _own, root) => {
      if (tenant === 'cedar') return { params: { id: noSubscription.subscription } };
      const { subscription } = await root.api('subscriptionCreate', {
        body: { ...mailTo, scope: live.name },
      });
      return { params: { id: subscription.id } };
    }),
  ],
  deliveryList: [list('operate')],
  deliveryShow: [ofDelivery],
  deliveryReplay: [ofDelivery],
  subscriptionReplay: [ofSubscription()],
  mailSet: [onlyInstallation('administer', () => ({ body: {} }))],
  mailShow: [onlyInstallation('administer')],
  mailRemove: [onlyInstallation('administer')],
  metricSourceSet: [onlyInstallation('administer', () => metricSource)],
  metricSourceList: [onlyInstallation('administer')],
  metricSourceRemove: [
    onlyInstallation('administer', async (_target, _own, root) => {
      await root.api('metricSourceSet', metricSource);
      return { params: metricSource.params };
    }),
  ],
  metricShow: [
    decide(
      'environment',
      'operate',
    )(async ({ tenant }, _own, root) => {
      const params = { tenant, environment: 'live' };
      if (tenant === 'cedar') return { params: { ...params, metric: 'errors' } };
      await root.api('metricSourceSet', metricSource);
      const { version, yaml } = await root.api('environmentYaml', { params });
      const metrics = 'policy:\n  metrics: [{ name: errors, source: errors }]\n';
      if (!yaml.includes(metrics)) {
        const body = { baseVersion: version, yaml: yaml + metrics };
        await root.api('environmentYamlPut', { params, body });
      }
      return { params: { ...params, metric: 'errors' } };
    }),
  ],
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
};
