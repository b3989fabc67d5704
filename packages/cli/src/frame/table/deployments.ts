import type { TableEntry } from './entry.ts';

/** Commands about deployments. */
export const deploymentsTable: readonly TableEntry[] = [
  {
    path: 'plan',
    summary: 'Look at what a deployment would change, and keep it as a plan',
    load: () => import('../../commands/plan/plan.ts'),
  },
  {
    path: 'plan show',
    summary: 'One plan: what it changes, and what people said of it',
    load: () => import('../../commands/plan/show.ts'),
  },
  {
    path: 'plan list',
    summary: 'Plans, newest first',
    load: () => import('../../commands/plan/list.ts'),
  },
  {
    path: 'plan refresh',
    summary: 'Look anew; a plan whose facts changed is approved anew',
    load: () => import('../../commands/plan/refresh.ts'),
  },
  {
    path: 'plan approve',
    summary: 'Approve a plan',
    load: () => import('../../commands/plan/approve.ts'),
  },
  {
    path: 'plan refuse',
    summary: 'Refuse a plan',
    load: () => import('../../commands/plan/refuse.ts'),
  },
  {
    path: 'deployment list',
    summary: 'Deployments, newest first',
    load: () => import('../../commands/deployment/list.ts'),
  },
  {
    path: 'deployment show',
    summary: 'One deployment and what happened',
    load: () => import('../../commands/deployment/show.ts'),
  },
  {
    path: 'deployment replay',
    summary: 'Decide again by the recorded evidence, and compare',
    load: () => import('../../commands/deployment/replay.ts'),
  },
  {
    path: 'deployment pause',
    summary: 'Admit no more hosts',
    load: () => import('../../commands/deployment/pause.ts'),
  },
  {
    path: 'deployment resume',
    summary: 'Go on with a paused deployment',
    load: () => import('../../commands/deployment/resume.ts'),
  },
  {
    path: 'deployment abort',
    summary: 'Stop a deployment for good; hosts stay as they are',
    load: () => import('../../commands/deployment/abort.ts'),
  },
  {
    path: 'job run',
    summary: 'Run a job of an installed component once on hosts',
    load: () => import('../../commands/job/run.ts'),
  },
  {
    path: 'job list',
    summary: 'List runs of jobs',
    load: () => import('../../commands/job/list.ts'),
  },
  {
    path: 'job show',
    summary: 'What a run of a job printed, and its tests',
    load: () => import('../../commands/job/show.ts'),
  },
  {
    path: 'job stop',
    summary: 'Take the order to run a job back',
    load: () => import('../../commands/job/stop.ts'),
  },
  {
    path: 'migrate status',
    summary: 'What databases of an environment serve, and what is due',
    load: () => import('../../commands/migrate/status.ts'),
  },
  {
    path: 'migrate run',
    summary: 'Run the next step of a migration',
    load: () => import('../../commands/migrate/run.ts'),
  },
  {
    path: 'migrate undo',
    summary: 'Take the last step of a migration back',
    load: () => import('../../commands/migrate/undo.ts'),
  },
  {
    path: 'migrate restore',
    summary: 'Bring a database back from its backup',
    load: () => import('../../commands/migrate/restore.ts'),
  },
  {
    path: 'migrate exclude',
    summary: 'Let a contract not wait for a host that is long unseen',
    load: () => import('../../commands/migrate/exclude.ts'),
  },
  {
    path: 'migrate adopt',
    summary: 'Name the schema that a database has already',
    load: () => import('../../commands/migrate/adopt.ts'),
  },
];
