import type { Database } from '../db/tables.ts';

/** A database that counts what is asked of it, in transactions too. */
export function countedStatements(db: Database): {
  readonly counted: Database;
  /** How many statements something takes. */
  readonly of: (act: () => Promise<unknown>) => Promise<number>;
} {
  let count = 0;
  const counted = db.withPlugin({
    transformQuery: ({ node }) => {
      count += 1;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  return {
    counted,
    of: async (act) => {
      const before = count;
      await act();
      return count - before;
    },
  };
}
