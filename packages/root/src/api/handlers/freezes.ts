import { type EnvironmentRow, environmentsChosen, refOf } from '../../environments/names.ts';
import { shownFreeze } from '../../freezes/rows.ts';
import { endFreezes, setFreezes } from '../../freezes/set.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { freezeRoutes } from '../routes/freezes.ts';

export function freezeHandlers(root: Root): Pick<Handlers, keyof typeof freezeRoutes> {
  const { db, clock, config } = root;
  const shown = async (rows: readonly EnvironmentRow[]) => ({
    environments: await Promise.all(
      rows.map(async (row) => ({ ...refOf(row), freeze: await shownFreeze(db, row.id, clock.now()) })),
    ),
  });
  return {
    freezeSet: async ({ body, who }) => {
      const rows = await environmentsChosen(db, body, config.tenant, who.access.within('operate'));
      if (body.dryRun !== true) await setFreezes(root, who.name, rows, body);
      return await shown(rows);
    },
    freezeEnd: async ({ body, who }) => {
      const rows = await environmentsChosen(db, body, config.tenant, who.access.within('operate'));
      if (body.dryRun !== true) await endFreezes(root, who.name, rows);
      return await shown(rows);
    },
  };
}
