import type { TableEntry } from './entry.ts';

/** What is typed most has one word. */
export const fleetTable: readonly TableEntry[] = [
  {
    path: 'start',
    summary: 'Run a root server here, on loopback, and say what to type next',
    load: () => import('../../commands/start/start.ts'),
  },
  {
    path: 'status',
    summary: 'The fleet at a glance',
    load: () => import('../../commands/fleet/status.ts'),
  },
  {
    path: 'deploy',
    summary: 'Send a release to environments',
    load: () => import('../../commands/deployment/deploy.ts'),
  },
  {
    path: 'promote',
    summary: 'Bring what an environment runs to the next stage',
    load: () => import('../../commands/deployment/promote.ts'),
  },
  {
    path: 'rollback',
    summary: 'Bring environments back to the release before',
    load: () => import('../../commands/deployment/rollback.ts'),
  },
  {
    path: 'undeploy',
    summary: 'Remove a product from environments',
    load: () => import('../../commands/deployment/undeploy.ts'),
  },
  {
    path: 'where',
    summary: 'Which versions of a product run where',
    load: () => import('../../commands/fleet/where.ts'),
  },
  {
    path: 'deps',
    summary: 'What components need of each other, and what an upgrade drags along',
    load: () => import('../../commands/fleet/deps.ts'),
  },
  {
    path: 'patches',
    summary: 'Which patches are made between versions, why, and what they save',
    load: () => import('../../commands/fleet/patches.ts'),
  },
  {
    path: 'topology',
    summary: 'The tree of relays and hosts, as reported',
    load: () => import('../../commands/fleet/topology.ts'),
  },
];
