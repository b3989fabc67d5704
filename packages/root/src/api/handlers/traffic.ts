import { requireVisible } from '../../auth/visible.ts';
import { environmentNamed, refOf } from '../../environments/names.ts';
import type { Root } from '../../root.ts';
import { showTraffic, trafficOfProduct } from '../../traffic/show.ts';
import { switchByPerson } from '../../traffic/switch.ts';
import type { Handlers } from '../handlers.ts';
import type { trafficRoutes } from '../routes/traffic.ts';

export function trafficHandlers(root: Root): Pick<Handlers, keyof typeof trafficRoutes> {
  const { db } = root;
  const named = (params: { tenant: string; environment: string }) =>
    environmentNamed(db, `${params.tenant}/${params.environment}`, root.config.tenant);
  return {
    trafficShow: async ({ params }) => {
      const row = await named(params);
      return { environment: refOf(row), traffic: await showTraffic(root, row) };
    },
    trafficSwitch: async ({ params, body, who }) => {
      const row = await named(params);
      await requireVisible(db, who.access, [params.product]);
      await switchByPerson(root, who.name, row, params.product, body);
      return await trafficOfProduct(root, row, params.product);
    },
  };
}
