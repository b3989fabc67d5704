import type { TableEntry } from './entry.ts';

/** Commands about environments and their secrets. */
export const environmentsTable: readonly TableEntry[] = [
  {
    path: 'env create',
    summary: 'Create an environment',
    load: () => import('../../commands/env/create.ts'),
  },
  {
    path: 'env list',
    summary: 'Environments',
    load: () => import('../../commands/env/list.ts'),
  },
  {
    path: 'env show',
    summary: "An environment's YAML",
    load: () => import('../../commands/env/show.ts'),
  },
  {
    path: 'env edit',
    summary: "Edit an environment's YAML",
    load: () => import('../../commands/env/edit.ts'),
  },
  {
    path: 'env apply',
    summary: "Replace an environment's YAML by a file",
    load: () => import('../../commands/env/apply.ts'),
  },
  {
    path: 'env schema',
    summary: "The JSON Schema of an environment's YAML, for editors",
    load: () => import('../../commands/env/schema.ts'),
  },
  {
    path: 'traffic show',
    summary: "To which group of hosts products' traffic goes, and which balancers have applied that",
    load: () => import('../../commands/traffic/show.ts'),
  },
  {
    path: 'traffic switch',
    summary: "Send a product's traffic to the other group of hosts",
    load: () => import('../../commands/traffic/switch.ts'),
  },
  {
    path: 'tenant list',
    summary: 'Tenants and the order of their stages',
    load: () => import('../../commands/tenant/list.ts'),
  },
  {
    path: 'tenant stages',
    summary: 'Give a tenant an order of stages of its own',
    load: () => import('../../commands/tenant/stages.ts'),
  },
  {
    path: 'secret list',
    summary: 'Sealed values of an environment, and which hosts wait for the key',
    load: () => import('../../commands/secret/list.ts'),
  },
  {
    path: 'secret set',
    summary: 'Seal a value for the hosts of an environment',
    load: () => import('../../commands/secret/set.ts'),
  },
  {
    path: 'secret remove',
    summary: 'Remove a sealed value',
    load: () => import('../../commands/secret/remove.ts'),
  },
  {
    path: 'secret rotate',
    summary: 'Seal everything anew by another key',
    load: () => import('../../commands/secret/rotate.ts'),
  },
  {
    path: 'secret wrap',
    summary: 'Give the key to hosts that joined since',
    load: () => import('../../commands/secret/wrap.ts'),
  },
  {
    path: 'verify',
    summary: 'Ask now what users of an environment would see',
    load: () => import('../../commands/verify/verify.ts'),
  },
  {
    path: 'metric show',
    summary: 'What a metric of an environment says of its hosts',
    load: () => import('../../commands/metric/show.ts'),
  },
  {
    path: 'change-source set',
    summary: 'Say who is asked about change tickets',
    load: () => import('../../commands/change-source/set.ts'),
  },
  {
    path: 'change-source show',
    summary: 'Who is asked about change tickets',
    load: () => import('../../commands/change-source/show.ts'),
  },
  {
    path: 'change-source remove',
    summary: 'Ask nobody about change tickets',
    load: () => import('../../commands/change-source/remove.ts'),
  },
  {
    path: 'metric-source set',
    summary: 'Add or replace a source of metrics',
    load: () => import('../../commands/metric-source/set.ts'),
  },
  {
    path: 'metric-source list',
    summary: 'Sources of metrics',
    load: () => import('../../commands/metric-source/list.ts'),
  },
  {
    path: 'metric-source remove',
    summary: 'Remove a source of metrics',
    load: () => import('../../commands/metric-source/remove.ts'),
  },
];
