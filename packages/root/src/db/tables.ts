import type { Kysely } from 'kysely';
import type { DeploymentTables } from './tables/deployments.ts';
import type { DirectingTables } from './tables/directing.ts';
import type { HostTables } from './tables/hosts.ts';
import type { IncidentTables } from './tables/incidents.ts';
import type { JobTables } from './tables/jobs.ts';
import type { MetricTables } from './tables/metrics.ts';
import type { NotificationTables } from './tables/notifications.ts';
import type { PatchTables } from './tables/patches.ts';
import type { PeopleTables } from './tables/people.ts';
import type { PlanTables } from './tables/plans.ts';
import type { PublishingTables } from './tables/publishing.ts';
import type { SecretTables } from './tables/secrets.ts';
import type { TicketTables } from './tables/tickets.ts';
import type { VerificationTables } from './tables/verification.ts';

/*
 * One set of column types for both databases: text, whole numbers (sizes, versions, epoch milliseconds; 0 and 1 for
 * no and yes) and bytes. JSON lies in text, written and parsed at the row's own module.
 */

export interface Tables
  extends DeploymentTables,
    DirectingTables,
    HostTables,
    IncidentTables,
    JobTables,
    NotificationTables,
    MetricTables,
    PatchTables,
    PeopleTables,
    PlanTables,
    PublishingTables,
    SecretTables,
    TicketTables,
    VerificationTables {}

export type Database = Kysely<Tables>;
