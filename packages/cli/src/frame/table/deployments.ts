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
    path: 'plan pause',
    summary: 'Begin nothing more by a plan, and pause what is under way',
    load: () => import('../../commands/plan/pause.ts'),
  },
  {
    path: 'plan resume',
    summary: 'Go on with a paused plan, or with the stage that it asks about',
    load: () => import('../../commands/plan/resume.ts'),
  },
  {
    path: 'plan stop',
    summary: 'End a plan and what is under way by it; hosts stay as they are',
    load: () => import('../../commands/plan/stop.ts'),
  },
  {
    path: 'plan rollback',
    summary: 'Take back what a plan brought, all of it or one stage',
    load: () => import('../../commands/plan/rollback.ts'),
  },
  {
    path: 'plan replay',
    summary: 'Look again at what rings were judged by, and compare',
    load: () => import('../../commands/plan/replay.ts'),
  },
  {
    path: 'plan preflight',
    summary: 'Have hosts look beforehand whether they can take what a plan brings',
    load: () => import('../../commands/plan/preflight.ts'),
  },
  {
    path: 'plan schema',
    summary: 'The JSON Schema of plan files, for editors',
    load: () => import('../../commands/plan/schema.ts'),
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
    path: 'deployment laggards',
    summary: 'Hosts that have not come to it, by site and reason',
    load: () => import('../../commands/deployment/laggards.ts'),
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
    path: 'deployment skip',
    summary: 'Take one host out of a deployment: it stays as it is',
    load: () => import('../../commands/deployment/skip.ts'),
  },
  {
    path: 'deployment unskip',
    summary: 'Take a host that was skipped in again',
    load: () => import('../../commands/deployment/unskip.ts'),
  },
  {
    path: 'deployment retry',
    summary: 'Let one host try again what it refused',
    load: () => import('../../commands/deployment/retry.ts'),
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
    path: 'deployment stop',
    summary: 'Stop all that goes on, at once',
    load: () => import('../../commands/deployment/stop.ts'),
  },
  {
    path: 'freeze',
    summary: 'Let no deployment of an environment begin or go on',
    load: () => import('../../commands/env/freeze.ts'),
  },
  {
    path: 'unfreeze',
    summary: 'End a freeze; what waited goes on',
    load: () => import('../../commands/env/unfreeze.ts'),
  },
  {
    path: 'recall',
    summary: 'Take a release back everywhere, and keep it away',
    load: () => import('../../commands/recall/recall.ts'),
  },
  {
    path: 'recall list',
    summary: 'Recalls, newest first',
    load: () => import('../../commands/recall/list.ts'),
  },
  {
    path: 'recall show',
    summary: 'What a recall took back, what it did not and why',
    load: () => import('../../commands/recall/show.ts'),
  },
  {
    path: 'recall end',
    summary: 'End a recall that was a mistake',
    load: () => import('../../commands/recall/end.ts'),
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
