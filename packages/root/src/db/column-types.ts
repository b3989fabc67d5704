import { type ColumnBuilderCallback, type ColumnDataType, type Expression, sql } from 'kysely';

type DataType = ColumnDataType | Expression<unknown>;

/** The two column types that SQLite and PostgreSQL spell differently. */
export interface ColumnTypes {
  /** For what only one of them can say, such as triggers. */
  readonly kind: 'sqlite' | 'postgres';
  readonly bytes: DataType;
  /** A rising number that the database gives. */
  readonly sequence: [DataType, ColumnBuilderCallback];
}

export const sqliteColumns: ColumnTypes = {
  kind: 'sqlite',
  bytes: 'blob',
  sequence: ['integer', (c) => c.primaryKey().autoIncrement()],
};

export const postgresColumns: ColumnTypes = {
  kind: 'postgres',
  bytes: 'bytea',
  sequence: [sql`bigint generated always as identity`, (c) => c.primaryKey()],
};
