import type { Report } from '@xylem/core';
import type { Database } from '../db/tables.ts';

type Component = Report['components'][number];

/** Counts hosts that came to the tree of a component by a patch, as they say. */
export async function noteTaken(trx: Database, components: readonly Component[]): Promise<void> {
  const groups = Map.groupBy(
    components.filter(({ came }) => came !== undefined),
    ({ product, component, tree, came }) => [product, component, came?.from, tree].join(' '),
  );
  for (const [key, came] of groups) {
    const [product = '', component = '', from = '', to = ''] = key.split(' ');
    const rows = await trx
      .selectFrom('patches')
      .select(['domain', 'chunk_bytes'])
      .where('product', '=', product)
      .where('component', '=', component)
      .where('from_tree', '=', from)
      .where('to_tree', '=', to)
      .where('state', '=', 'made')
      .execute();
    for (const { domain, chunk_bytes } of rows) {
      // Of whoever claims more than chunks would have been, nothing was saved.
      const bytes = came.reduce((sum, one) => sum + Math.min(one.came?.bytes ?? 0, chunk_bytes), 0);
      await trx
        .updateTable('patches')
        .set((e) => ({ taken: e('taken', '+', came.length), taken_bytes: e('taken_bytes', '+', bytes) }))
        .where('domain', '=', domain)
        .where('from_tree', '=', from)
        .where('to_tree', '=', to)
        .execute();
    }
  }
}
