import type { Operation } from '../../../api/contract.ts';
import { type Decision, decide, inEnvironment, list } from '../decide.ts';

const envelope = { payloadType: 'x', payload: 'e30=', signatures: [{ keyid: '', sig: 'AA==' }] };
const yamlOf = (product: string): string => `products:\n  ${product}: {}\n`;

/** Environments and tenants, with what is written for them. */
export const ofEnvironments = {
  environmentCreate: [
    decide('environment', 'administer')(({ live }) => ({ body: { name: live.name } })),
    decide('tenant', 'administer')(({ tenant }) => ({ body: { name: `${tenant}/new`, yaml: '- no' } })),
  ],
  operatorsShow: [inEnvironment('read')],
  operatorsTake: [inEnvironment('administer', { envelope })],
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
  environmentVerify: [inEnvironment('operate')],
  secretsShow: [inEnvironment('read')],
  secretsChange: [inEnvironment('operate', { revision: 999, set: [], remove: [], wraps: [] })],
  trafficShow: [inEnvironment('read')],
  trafficSwitch: [
    decide(
      'environment',
      'operate',
    )(({ tenant, product }) => ({
      params: { tenant, environment: 'live', product },
      body: { to: 'green', number: 999, reason: 'no' },
    })),
  ],
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
} satisfies Partial<Record<Operation, readonly Decision[]>>;
