import { requireVisible } from '../../auth/visible.ts';
import { environmentNamed, environmentsMatching, fullName, refOf } from '../../environments/names.ts';
import { takeLift } from '../../quarantine/lift.ts';
import { showOperators, takeOperators } from '../../quarantine/operators.ts';
import { checkQuarantine, setQuarantine } from '../../quarantine/set.ts';
import { listQuarantines } from '../../quarantine/show.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { quarantineRoutes } from '../routes/quarantine.ts';

export function quarantineHandlers(root: Root): Pick<Handlers, keyof typeof quarantineRoutes> {
  const { db } = root;
  const named = (params: { tenant: string; environment: string }) =>
    environmentNamed(db, `${params.tenant}/${params.environment}`, root.config.tenant);
  return {
    quarantineSet: async ({ body, who }) => {
      const { product, version } = body;
      await requireVisible(db, who.access, [product]);
      const within = who.access.within('operate');
      const rows = await environmentsMatching(db, body.environments, root.config.tenant, within);
      const environments = rows.map(refOf);
      if (body.dryRun === true) {
        await checkQuarantine(db, rows, body);
        return { environments, quarantines: [], unknown: [] };
      }
      const ids = new Set(await setQuarantine(root, who.name, rows, body));
      const { quarantines } = await listQuarantines(root, within, { product, version, open: 'true' });
      return { environments, quarantines: quarantines.filter(({ id }) => ids.has(id)), unknown: [] };
    },
    quarantineList: async ({ query, who }) => await listQuarantines(root, who.access.within('read'), query),
    quarantineLift: async ({ params, body, who }) => {
      const row = await named(params);
      const lift = await takeLift(root, who.name, row, body.envelope);
      const { product, version } = lift;
      const environment = fullName(row);
      const within = who.access.within('read');
      const { quarantines } = await listQuarantines(root, within, { environment, product, version });
      return { quarantines: quarantines.filter(({ id }) => id === lift.quarantine), unknown: [] };
    },
    operatorsShow: async ({ params }) => showOperators(root, await named(params)),
    operatorsTake: async ({ params, body, who }) =>
      takeOperators(root, who.name, await named(params), body.envelope),
  };
}
