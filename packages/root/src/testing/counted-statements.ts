import type { Database } from '../db/tables.ts';

/** A database that counts what is asked of it, in transactions too. */
export function countedStatements(db: Database): {
  readonly counted: Database;
  /** How many statements something takes. */
  readonly of: (act: () => Promise<unknown>) => Promise<number>;
  /** How many rows these statements gave. */
  readonly rowsOf: (act: () => Promise<unknown>) => Promise<number>;
  /** How many reports of hosts they gave, and the most that one of them gave. */
  readonly reportsOf: (
    act: () => Promise<unknown>,
  ) => Promise<{ readonly all: number; readonly atOnce: number }>;
} {
  let count = 0;
  let rows = 0;
  let reports: number[] = [];
  const counted = db.withPlugin({
    transformQuery: ({ node }) => {
      count += 1;
      return node;
    },
    transformResult: async ({ result }) => {
      rows += result.rows.length;
      reports.push(result.rows.filter((row) => 'host' in row && 'document' in row).length);
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
    reportsOf: async (act) => {
      reports = [];
      await act();
      return { all: reports.reduce((sum, one) => sum + one, 0), atOnce: Math.max(0, ...reports) };
    },
  };
}
