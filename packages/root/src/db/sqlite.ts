import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { type Dialect, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';

const maxStatements = 500;

/**
 * Kysely's SQLite dialect over node:sqlite. One connection, which Kysely lends to one query or transaction at a time,
 * so that writes stand in line by themselves. A commit is on the disk when it returns (synchronous=FULL).
 */
export function openSqlite(file: string): Dialect {
  const database = new DatabaseSync(file, { timeout: 5000, enableForeignKeyConstraints: true });
  database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma cache_size = -16384;');
  return new SqliteDialect({ database: asKyselyDatabase(database) });
}

function asKyselyDatabase(database: DatabaseSync): SqliteDatabase {
  const cached = new Map<string, SqliteStatement>();
  return {
    close: () => {
      cached.clear();
      database.close();
    },
    prepare: (text) => {
      const known = cached.get(text);
      if (known) {
        // Map keeps the order of insertion: taking out and putting in again makes the first one the least used.
        cached.delete(text);
        cached.set(text, known);
        return known;
      }
      const prepared = asKyselyStatement(database.prepare(text));
      const statement = text === 'rollback' ? rollbackOnce(database, prepared) : prepared;
      cached.set(text, statement);
      if (cached.size > maxStatements) {
        const oldest = cached.keys().next().value;
        if (oldest !== undefined) cached.delete(oldest);
      }
      return statement;
    },
  };
}

/**
 * SQLite takes a transaction back by itself where the disk is full or fails. A second time would throw, and hide why.
 */
function rollbackOnce(database: DatabaseSync, rollback: SqliteStatement): SqliteStatement {
  return {
    ...rollback,
    run: (parameters) =>
      database.isTransaction ? rollback.run(parameters) : { changes: 0, lastInsertRowid: 0 },
  };
}

function asKyselyStatement(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)) as IterableIterator<unknown>,
  };
}
