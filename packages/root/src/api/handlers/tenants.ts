import { XylemError } from '@xylem/core';
import { noTenant, orderOf, setStages } from '../../environments/stages.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { tenantRoutes } from '../routes/tenants.ts';

export function tenantHandlers(root: Root): Pick<Handlers, keyof typeof tenantRoutes> {
  return {
    tenantList: async ({ who }) => {
      const rows = await root.db.selectFrom('tenants').selectAll().orderBy('tenant').execute();
      return {
        tenants: rows
          .filter(({ tenant }) => who.access.reaches(tenant))
          .map(({ tenant, stages }) => ({ tenant, stages: [...orderOf(stages)] })),
      };
    },
    tenantStages: async ({ params: { tenant }, body, who: { name, access } }) => {
      if (!access.inTenant('administer', tenant)) {
        if (!access.reaches(tenant)) throw noTenant(tenant);
        throw new XylemError('E_FORBIDDEN', `${name} may not administer ${tenant}.`);
      }
      return await setStages(root, name, tenant, body.stages);
    },
  };
}
