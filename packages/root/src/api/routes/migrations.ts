import type { RouteContract } from '../contract.ts';
import * as s from '../schemas/index.ts';

const path = '/environments/:tenant/:environment/migrations';

/** Migrations of the databases that hosts share (docs/spec/migrations.md). */
export const migrationRoutes = {
  migrationList: {
    method: 'GET',
    path,
    needs: { permission: 'read', where: 'environment' },
    params: s.EnvironmentParams,
    response: s.Migrations,
    summary:
      'The databases of an environment: what they serve, what is under way, what is due, their backups',
  },
  migrationOrder: {
    method: 'POST',
    path,
    needs: { permission: 'operate', where: 'environment' },
    params: s.EnvironmentParams,
    body: s.MigrationOrderBody,
    response: s.MigrationOrdered,
    summary: 'Order one step of a migration, its undoing, or the restore of a backup',
  },
  migrationAdopt: {
    method: 'POST',
    path: `${path}/databases`,
    needs: { permission: 'operate', where: 'environment' },
    params: s.EnvironmentParams,
    body: s.MigrationAdopt,
    response: s.Migrations,
    summary: 'Name the schema that a database has already',
  },
  migrationExclude: {
    method: 'POST',
    path: `${path}/exclusions`,
    needs: { permission: 'operate', where: 'environment' },
    params: s.EnvironmentParams,
    body: s.MigrationExclude,
    response: s.MigrationExcluded,
    summary: 'Leave a host out of the count of the next contract: it is blocked when it comes back',
  },
} as const satisfies Record<string, RouteContract>;
