import { visibleProducts } from '../../auth/visible.ts';
import { environmentNamed } from '../../environments/names.ts';
import type { Root } from '../../root.ts';
import { changeSecrets } from '../../secrets/change.ts';
import { refuseMisplaced } from '../../secrets/check-place.ts';
import { showSecrets } from '../../secrets/show.ts';
import type { Handlers } from '../handlers.ts';
import type { secretRoutes } from '../routes/secrets.ts';

export function secretHandlers(root: Root): Pick<Handlers, keyof typeof secretRoutes> {
  const { db } = root;
  const named = (params: { tenant: string; environment: string }) =>
    environmentNamed(db, `${params.tenant}/${params.environment}`, root.config.tenant);
  return {
    secretsShow: async ({ params }) => await showSecrets(db, await named(params)),
    secretsChange: async ({ params, body, who }) => {
      const row = await named(params);
      const sees = await visibleProducts(db, who.access);
      for (const { component, key, sealed } of body.set) {
        await refuseMisplaced(db, component, { [key]: { $sealed: sealed } }, sees);
      }
      return await changeSecrets(root, who.name, row, body);
    },
  };
}
