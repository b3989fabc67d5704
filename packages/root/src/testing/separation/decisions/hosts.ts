import type { Operation } from '../../../api/contract.ts';
import { givingMove, takingMove } from '../asked-moves.ts';
import { begunReparenting } from '../begun-reparenting.ts';
import { type Asking, atProduct, type Decision, decide, list, ofEnvironment, thing } from '../decide.ts';
import type { Permission } from '../identities.ts';

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

const ofRelay = (more: object): Decision[] => [
  thing('operate', ({ live }) => ({ body: { relay: live.host, ...more } })),
  thing('operate', ({ live }) => ({ body: { relay: live.hostName, ...more } })),
];
const ofReparenting = (permission: Permission): Decision[] => [
  thing(permission, async (place, _own, root) => ({ params: { id: await begunReparenting(place, root) } })),
];

/** Hosts, how they join, and how they change hands. */
export const ofHosts = {
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
  hostLimit: hosts({ limits: [{ down: 100_000 }] }),
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
  reparentingBegin: hosts({ parents: ['https://127.0.0.1:1'] }),
  parentRuleSet: [
    decide(
      'environment',
      'operate',
    )(({ live }) => ({
      body: {
        name: 'own',
        environments: [live.name],
        where: 'never exists',
        parents: ['https://127.0.0.1:1'],
      },
    })),
  ],
  parentRuleList: [list('read')],
  parentRuleRemove: [
    decide(
      'environment',
      'operate',
    )(async ({ live, tenant }, _own, root) => {
      const body = { name: 'own', environments: [live.name] };
      if (tenant === 'cedar') return { body };
      const parents = ['https://127.0.0.1:1'];
      await root.api('parentRuleSet', { body: { ...body, where: 'never exists', parents } });
      return { body };
    }),
  ],
  relayDrain: ofRelay({ dryRun: true }),
  relayUndrain: ofRelay({}),
  relayReplace: [
    thing('operate', ({ live }) => ({ body: { relay: live.host, by: live.host, dryRun: true } })),
  ],
  reparentingList: [list('read')],
  reparentingShow: ofReparenting('read'),
  reparentingPause: ofReparenting('operate'),
  reparentingResume: ofReparenting('operate'),
  reparentingCancel: ofReparenting('operate'),
  hostClearClone: hosts({}),
  hostUndoRevert: hosts({ product: 'shop' }),
  hostReplace: [thing('operate', ({ live }) => ({ body: { old: live.host, next: live.host } }))],
  status: [list('read'), ofEnvironment('read')],
  topology: [list('read'), ofEnvironment('read')],
  dependencies: [
    atProduct('read'),
    decide(
      'environment',
      'read',
    )(({ live }, { product }) => ({ params: { product }, query: { environment: live.name } })),
  ],
  consequences: [
    atProduct('read', () => ({ params: { version: '1.0.0' } })),
    decide(
      'environment',
      'read',
    )(({ live }, { product }) => ({
      params: { product, version: '1.0.0' },
      query: { environment: live.name },
    })),
  ],
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
  whereHosts: [
    atProduct('read'),
    decide(
      'environment',
      'read',
    )(({ live }, { product }) => ({
      params: { product },
      query: { environment: live.name },
    })),
  ],
} satisfies Partial<Record<Operation, readonly Decision[]>>;
