import type { Database } from '../db/tables.ts';

/** A database that counts what is asked of it, in transactions too. */
export function countedStatements(db: Database): {
  readonly counted: Database;
  /** How many statements something takes. */
  readonly of: (act: () => Promise<unknown>) => Promise<number>;
  /** How many rows these statements gave. */
  readonly rowsOf: (act: () => Promise<unknown>) => Promise<number>;
} {
  let count = 0;
  let rows = 0;
  const counted = db.withPlugin({
    transformQuery: ({ node }) => {
      count += 1;
      return node;
    },
    transformResult: async ({ result }) => {
      rows += result.rows.length;
      return result;
    },
  });
  const growth = async (of: () => number, act: () => Promise<unknown>): Promise<number> => {
    const before = of();
    await act();
    return of() - before;
  };
  return {
    counted,
    of: (act) => growth(() => count, act),
    rowsOf: (act) => growth(() => rows, act),
  };
}
