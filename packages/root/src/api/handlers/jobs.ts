import { XylemError } from '@xylem/core';
import type { Who } from '../../auth/api-tokens.ts';
import type { Permission } from '../../auth/grants.ts';
import {
  allEnvironments,
  environmentNamed,
  environmentsMatching,
  fullName,
} from '../../environments/names.ts';
import { orderJob } from '../../jobs/order.ts';
import { type JobRun, jobRunNamed, jobRuns, noJobRun, openStates } from '../../jobs/rows.ts';
import { stopJob } from '../../jobs/settle.ts';
import { showJob, showJobs } from '../../jobs/show.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { jobRoutes } from '../routes/jobs.ts';

export function jobHandlers(root: Root): Pick<Handlers, keyof typeof jobRoutes> {
  const { db } = root;
  /** One of an environment that is not there for whoever asks is not there either. */
  const ours = async (id: string, { name, access }: Who, permission: Permission): Promise<JobRun> => {
    const run = await jobRunNamed(db, id);
    const environment = (await allEnvironments(db)).find((one) => one.id === run.environment);
    if (environment === undefined || !access.in('read', environment)) throw noJobRun(id);
    if (access.in(permission, environment)) return run;
    throw new XylemError('E_FORBIDDEN', `${name} may not ${permission} in ${fullName(environment)}.`);
  };
  return {
    jobRun: async ({ params, body, who }) => {
      const named = `${params.tenant}/${params.environment}`;
      const environment = await environmentNamed(db, named, root.config.tenant);
      return { runs: await showJobs(root, await orderJob(root, who.name, environment, body)) };
    },
    jobList: async ({ query, who }) => {
      const patterns = query.environment === undefined ? undefined : [query.environment];
      const within = who.access.within('read');
      const environments = await environmentsMatching(db, patterns, root.config.tenant, within);
      const runs = await jobRuns(db, {
        environments: environments.map(({ id }) => id),
        ofInstalled: true,
        limit: Number(query.limit ?? 50),
        ...(query.component === undefined ? {} : { component: query.component }),
        ...(query.job === undefined ? {} : { job: query.job }),
        ...(query.open === 'true' ? { states: openStates } : {}),
      });
      return { runs: await showJobs(root, runs) };
    },
    jobShow: async ({ params, who }) => await showJob(root, await ours(params.id, who, 'read')),
    jobStop: async ({ params, body, who }) => {
      const run = await ours(params.id, who, 'operate');
      await stopJob(root, who.name, run, body.reason);
      return await showJob(root, await jobRunNamed(db, run.id));
    },
  };
}
