import type { Kysely } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';

export async function up(db: Kysely<unknown>, { bytes, sequence }: ColumnTypes): Promise<void> {
  const table = (name: string) => db.schema.createTable(name);
  await table('settings')
    .addColumn('key', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute();
  await table('tenants')
    .addColumn('tenant', 'text', (c) => c.primaryKey())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .execute();
  await table('environments')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('tenant', 'text', (c) => c.notNull().references('tenants.tenant'))
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('yaml', 'text', (c) => c.notNull())
    .addColumn('yaml_version', 'bigint', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('environments_name', ['tenant', 'environment'])
    .execute();
  await table('directions')
    .addColumn('environment', 'text', (c) => c.primaryKey().references('environments.id'))
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('meaning', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .execute();
  await table('direction_history')
    .addColumn('environment', 'text', (c) => c.notNull().references('environments.id'))
    .addColumn('snapshot_version', 'bigint', (c) => c.notNull())
    .addColumn('number', 'bigint', (c) => c.notNull())
    .addColumn('targets_version', 'bigint', (c) => c.notNull())
    .addColumn('published_ms', 'bigint', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('direction_history_key', ['environment', 'snapshot_version'])
    .execute();
  await publishing(db);
  await fleet(db, { bytes, sequence });
  await table('packs')
    .addColumn('id', ...sequence)
    .addColumn('domain', 'text', (c) => c.notNull())
    .addColumn('pack', 'text', (c) => c.notNull())
    .addColumn('size_bytes', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('packs_name', ['domain', 'pack'])
    .execute();
  await table('pack_frames')
    .addColumn('pack_id', 'bigint', (c) => c.notNull())
    .addColumn('frame', 'bigint', (c) => c.notNull())
    .addColumn('offset', 'bigint', (c) => c.notNull())
    .addColumn('length', 'bigint', (c) => c.notNull())
    .addColumn('raw_length', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('pack_frames_key', ['pack_id', 'frame'])
    .execute();
  await table('chunks')
    .addColumn('domain', 'text', (c) => c.notNull())
    .addColumn('digest', bytes, (c) => c.notNull())
    .addColumn('size', 'bigint', (c) => c.notNull())
    .addColumn('pack_id', 'bigint', (c) => c.notNull())
    .addColumn('frame', 'bigint', (c) => c.notNull())
    .addColumn('offset_in_frame', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('chunks_key', ['domain', 'digest', 'pack_id'])
    .execute();
  await table('api_tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull().unique())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .execute();
  await table('audit')
    .addColumn('sequence', ...sequence)
    .addColumn('time_ms', 'bigint', (c) => c.notNull())
    .addColumn('who', 'text', (c) => c.notNull())
    .addColumn('what', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('before', 'text', (c) => c.notNull())
    .addColumn('after', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute();
}

async function publishing(db: Kysely<unknown>): Promise<void> {
  const table = (name: string) => db.schema.createTable(name);
  await table('products')
    .addColumn('product', 'text', (c) => c.primaryKey())
    .addColumn('domain', 'text', (c) => c.notNull().unique())
    .addColumn('repository', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .execute();
  await table('roles')
    .addColumn('repository', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('version', 'bigint', (c) => c.notNull())
    .addColumn('metadata', 'text', (c) => c.notNull())
    .addColumn('expires_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('roles_key', ['repository', 'role'])
    .execute();
  await table('trees')
    .addColumn('domain', 'text', (c) => c.notNull())
    .addColumn('tree', 'text', (c) => c.notNull())
    .addColumn('files', 'bigint', (c) => c.notNull())
    .addColumn('size_bytes', 'bigint', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('trees_key', ['domain', 'tree'])
    .execute();
  await table('packages')
    .addColumn('product', 'text', (c) => c.notNull().references('products.product'))
    .addColumn('component', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('package', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('packages_key', ['product', 'component', 'version'])
    .execute();
  await table('releases')
    .addColumn('product', 'text', (c) => c.notNull().references('products.product'))
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('release', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('withdrawn', 'integer', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('releases_key', ['product', 'version'])
    .execute();
  await table('channels')
    .addColumn('product', 'text', (c) => c.notNull().references('products.product'))
    .addColumn('channel', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('release', 'text', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('updated_ms', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('channels_key', ['product', 'channel'])
    .execute();
}

async function fleet(
  db: Kysely<unknown>,
  { bytes, sequence }: Pick<ColumnTypes, 'bytes' | 'sequence'>,
): Promise<void> {
  const table = (name: string) => db.schema.createTable(name);
  await table('standings')
    .addColumn('environment', 'text', (c) => c.notNull().references('environments.id'))
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('sequence', 'bigint', (c) => c.notNull())
    .addColumn('release', 'text')
    .addColumn('version', 'text')
    .addColumn('previous_release', 'text')
    .addColumn('previous_version', 'text')
    .addPrimaryKeyConstraint('standings_key', ['environment', 'product'])
    .execute();
  await table('hosts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('environment', 'text', (c) => c.notNull().references('environments.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('labels', 'text', (c) => c.notNull())
    .addColumn('parents', 'text', (c) => c.notNull())
    .addColumn('config', 'text', (c) => c.notNull())
    .addColumn('kept', 'text', (c) => c.notNull())
    .addColumn('serve', 'integer', (c) => c.notNull())
    .addColumn('serves', 'text', (c) => c.notNull())
    .addColumn('retired', 'integer', (c) => c.notNull())
    .addColumn('certificate_expires_ms', 'bigint', (c) => c.notNull())
    .addColumn('joined_ms', 'bigint', (c) => c.notNull())
    .addColumn('token', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('hosts_environment').on('hosts').columns(['environment', 'id']).execute();
  await db.schema.createIndex('hosts_name').on('hosts').column('name').execute();
  await table('tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('environment', 'text', (c) => c.notNull().references('environments.id'))
    .addColumn('serve', 'integer', (c) => c.notNull())
    .addColumn('serves', 'text', (c) => c.notNull())
    .addColumn('mac_key', bytes, (c) => c.notNull())
    .addColumn('uses_left', 'bigint', (c) => c.notNull())
    .addColumn('expires_ms', 'bigint', (c) => c.notNull())
    .addColumn('labels', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .execute();
  await table('deployments')
    .addColumn('sequence', ...sequence)
    .addColumn('id', 'text', (c) => c.notNull().unique())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('environment', 'text', (c) => c.notNull().references('environments.id'))
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('reason', 'text')
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_ms', 'bigint', (c) => c.notNull())
    .addColumn('updated_ms', 'bigint', (c) => c.notNull())
    .addColumn('finished_ms', 'bigint')
    .execute();
  await db.schema
    .createIndex('deployments_state')
    .on('deployments')
    .columns(['environment', 'state'])
    .execute();
  await table('deployment_hosts')
    .addColumn('deployment', 'text', (c) => c.notNull().references('deployments.id'))
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('admitted_ms', 'bigint')
    .addColumn('held', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('deployment_hosts_key', ['deployment', 'host'])
    .execute();
  await table('deployment_events')
    .addColumn('sequence', ...sequence)
    .addColumn('deployment', 'text', (c) => c.notNull().references('deployments.id'))
    .addColumn('time_ms', 'bigint', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('message', 'text', (c) => c.notNull())
    .addColumn('details', 'text', (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex('deployment_events_of')
    .on('deployment_events')
    .columns(['deployment', 'sequence'])
    .execute();
  await table('reports')
    .addColumn('host', 'text', (c) => c.primaryKey())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('incarnation', 'text', (c) => c.notNull())
    .addColumn('sequence', 'bigint', (c) => c.notNull())
    .addColumn('received_ms', 'bigint', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('reports_environment').on('reports').column('environment').execute();
  await table('incarnations')
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('incarnation', 'text', (c) => c.notNull())
    .addColumn('first_ms', 'bigint', (c) => c.notNull())
    .addColumn('rank', 'bigint', (c) => c.notNull())
    .addColumn('sequence', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('incarnations_key', ['host', 'incarnation'])
    .execute();
  await table('host_components')
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('environment', 'text', (c) => c.notNull())
    .addColumn('component', 'text', (c) => c.notNull())
    .addColumn('product', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('package', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('healthy', 'integer')
    .addPrimaryKeyConstraint('host_components_key', ['host', 'component'])
    .execute();
  await db.schema
    .createIndex('host_components_census')
    .on('host_components')
    .columns(['environment', 'product', 'component', 'version'])
    .execute();
}
