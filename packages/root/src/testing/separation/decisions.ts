import type { Operation } from '../../api/contract.ts';
import type { Decision } from './decide.ts';
import { ofAccess } from './decisions/access.ts';
import { ofDeployments } from './decisions/deployments.ts';
import { ofEnvironments } from './decisions/environments.ts';
import { ofHosts } from './decisions/hosts.ts';
import { ofIncidents } from './decisions/incidents.ts';
import { ofInstallation } from './decisions/installation.ts';
import { ofJobs } from './decisions/jobs.ts';
import { ofMetrics } from './decisions/metrics.ts';
import { ofNotifications } from './decisions/notifications.ts';
import { ofPublishing } from './decisions/publishing.ts';

/** A decision for every operation: a new route without one does not compile. */
export const decisions: Readonly<Record<Operation, readonly Decision[]>> = {
  ...ofPublishing,
  ...ofEnvironments,
  ...ofHosts,
  ...ofDeployments,
  ...ofIncidents,
  ...ofJobs,
  ...ofMetrics,
  ...ofNotifications,
  ...ofAccess,
  ...ofInstallation,
};
