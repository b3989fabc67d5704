import type { Operation } from '../../../api/contract.ts';
import {
  type Decision,
  decide,
  inEnvironment,
  list,
  ofEnvironment,
  onlyInstallation,
  thing,
} from '../decide.ts';
import type { Permission } from '../identities.ts';

const deployment = (permission: Permission) =>
  thing(permission, ({ live }) => ({ params: { id: live.deployment } }));
const onHost = thing('operate', ({ live }) => ({
  params: { id: live.deployment },
  body: { host: live.host, reason: 'no' },
}));
const plan = (permission: Permission, body?: unknown) =>
  thing(permission, ({ live }) => ({ params: { id: live.plan }, ...(body === undefined ? {} : { body }) }));
/** Refused to everybody who may, so that the plan stays as it is. */
const anotherPlan = { reason: 'no', digest: '0'.repeat(64) };
const envelope = { payloadType: 'x', payload: 'e30=', signatures: [{ keyid: '', sig: 'AA==' }] };

/** Deployments and plans, and what holds them up. */
export const ofDeployments = {
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
  planCreateFile: [
    decide(
      'environment',
      'operate',
    )((target, mine) => ({
      body: { yaml: `release: ${mine.product}@1.0.0\nto: ${target.live.name}\n` },
    })),
    decide(
      'mapping',
      'operate',
    )((target, { live }) => ({
      body: { yaml: `release: ${target.product}@1.0.0\nto: ${live.name}\n` },
    })),
  ],
  planList: [list('read'), ofEnvironment('read')],
  planShow: [plan('read')],
  planHosts: [plan('read')],
  planBehind: [plan('read')],
  planEvidence: [thing('read', ({ live }) => ({ params: { id: live.plan }, query: { stage: 'all' } }))],
  planRefresh: [plan('operate')],
  planApprove: [plan('approve', {})],
  planRefuse: [plan('approve', anotherPlan)],
  planStart: [plan('operate', { dryRun: true })],
  planPause: [plan('operate', anotherPlan)],
  planPreflight: [plan('operate', {})],
  planResume: [plan('operate', anotherPlan)],
  planStop: [plan('operate', anotherPlan)],
  planRollback: [plan('operate', anotherPlan)],
  deploymentList: [list('read'), ofEnvironment('read')],
  deploymentShow: [deployment('read')],
  deploymentEvents: [deployment('read')],
  deploymentEvidence: [deployment('read')],
  deploymentLaggards: [deployment('read')],
  deploymentPause: [deployment('operate')],
  deploymentResume: [deployment('operate')],
  deploymentAbort: [deployment('operate')],
  deploymentSkipHost: [onHost],
  deploymentUnskipHost: [onHost],
  deploymentRetryHost: [onHost],
  freezeSet: [
    decide(
      'environment',
      'operate',
    )(({ live }) => ({ body: { environments: [live.name], reason: 'no', dryRun: true } })),
  ],
  freezeEnd: [decide('environment', 'operate')(({ live }) => ({ body: { environments: [live.name] } }))],
  recallBegin: [
    onlyInstallation('operate', ({ product }) => ({
      body: { product, version: '1.0.0', reason: 'no', dryRun: true },
    })),
  ],
  recallList: [list('read')],
  recallShow: [decide('nothing', 'read')(() => ({ params: { id: 'r-000000000000' } }))],
  recallEnd: [
    onlyInstallation('operate', () => ({ params: { id: 'r-000000000000' }, body: { reason: '' } })),
  ],
  deploymentStop: [
    decide(
      'environment',
      'operate',
    )(({ live }) => ({ body: { environments: [live.name], to: 'paused', reason: 'no' } })),
  ],
} satisfies Partial<Record<Operation, readonly Decision[]>>;
