import type { Operation } from '../../../api/contract.ts';
import { type Asking, type Decision, decide, list, ofEnvironment, thing } from '../decide.ts';
import type { Permission } from '../identities.ts';

const jobRun = (permission: Permission, asking: Asking = {}) =>
  thing(permission, ({ live }) => ({ params: { id: live.job }, ...asking }));

/** Jobs on hosts. */
export const ofJobs = {
  jobRun: [
    decide(
      'environment',
      'operate',
    )(({ tenant, component }) => ({
      params: { tenant, environment: 'live' },
      // More than there are: nothing is ordered.
      body: { component, job: 'smoke', hosts: 1_000 },
    })),
  ],
  jobList: [list('read'), ofEnvironment('read')],
  jobShow: [jobRun('read')],
  jobStop: [jobRun('operate', { body: { reason: 'no' } })],
} satisfies Partial<Record<Operation, readonly Decision[]>>;
