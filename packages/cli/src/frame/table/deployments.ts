import type { TableEntry } from './entry.ts';

/** Commands about deployments. */
export const deploymentsTable: readonly TableEntry[] = [
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
];
