import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

/** Jobs of packages that hosts run once (docs/spec/jobs.md). */
export const jobRoutes = {
  jobRun: {
    method: 'POST',
    path: '/environments/:tenant/:environment/jobs',
    needs: { permission: 'operate', where: 'environment' },
    params: s.EnvironmentParams,
    body: s.JobRunBody,
    response: s.JobRuns,
    summary: 'Order a job of an installed component once, from one host or several',
  },
  jobList: {
    method: 'GET',
    path: '/jobs',
    needs: { permission: 'read', where: 'anywhere' },
    query: s.JobQuery,
    response: s.JobRuns,
    summary: 'Runs of jobs, the newest first',
  },
  jobShow: {
    method: 'GET',
    path: '/jobs/:id',
    needs: { permission: 'read', where: 'anywhere' },
    params: s.JobParams,
    response: s.JobDetail,
    summary: 'One run of a job: what it printed, its JUnit file, the signed report that says so',
  },
  jobStop: {
    method: 'POST',
    path: '/jobs/:id/stop',
    needs: { permission: 'operate', where: 'anywhere' },
    params: s.JobParams,
    body: s.JobStop,
    response: s.JobDetail,
    summary: 'Take the order back: the host ends what runs for it',
  },
} as const satisfies Record<string, RouteContract>;
