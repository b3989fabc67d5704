import { contextsTable } from './contexts.ts';
import { deploymentsTable } from './deployments.ts';
import type { TableEntry } from './entry.ts';
import { environmentsTable } from './environments.ts';
import { fleetTable } from './fleet.ts';
import { hostsTable } from './hosts.ts';
import { incidentsTable } from './incidents.ts';
import { keysTable } from './keys.ts';
import { notificationsTable } from './notifications.ts';
import { peopleTable } from './people.ts';
import { publishingTable } from './publishing.ts';
import { rootsTable } from './roots.ts';

/** Every command, as `xylem --help` lists them. Its module is loaded only when it is the one that was asked for. */
export const commandTable: readonly TableEntry[] = [
  ...fleetTable,
  ...publishingTable,
  ...environmentsTable,
  ...hostsTable,
  ...deploymentsTable,
  ...incidentsTable,
  ...notificationsTable,
  ...keysTable,
  ...rootsTable,
  ...peopleTable,
  ...contextsTable,
];
