import { requireVisible } from '../../auth/visible.ts';
import { environmentNamed } from '../../environments/names.ts';
import { hostNamed } from '../../hosts/select.ts';
import { adoptDatabase, excludeHost } from '../../migrations/adopt.ts';
import { orderMigration } from '../../migrations/order.ts';
import { showMigrations } from '../../migrations/show.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { migrationRoutes } from '../routes/migrations.ts';

export function migrationHandlers(root: Root): Pick<Handlers, keyof typeof migrationRoutes> {
  const { db } = root;
  const named = (params: { tenant: string; environment: string }) =>
    environmentNamed(db, `${params.tenant}/${params.environment}`, root.config.tenant);
  return {
    migrationList: async ({ params }) => await showMigrations(root, await named(params)),
    migrationOrder: async ({ params, body, who }) => {
      const row = await named(params);
      if (body.release !== undefined) await requireVisible(db, who.access, [body.release.product]);
      const { order, host, stops } = await orderMigration(root, who.name, row, body);
      return {
        database: order.database,
        term: order.term,
        action: order.action,
        to: order.to,
        phase: order.phase ?? null,
        runner: { host: host.id, name: host.name },
        stops: stops.map(({ host: id, name, need }) => ({ host: id, name, ...need })),
      };
    },
    migrationAdopt: async ({ params, body, who }) => {
      const row = await named(params);
      await adoptDatabase(root, who.name, row, body);
      return await showMigrations(root, row);
    },
    migrationExclude: async ({ params, body, who }) => {
      const row = await named(params);
      const host = await hostNamed(
        db,
        body.host,
        (one) => one.tenant === row.tenant && one.environment === row.environment,
      );
      const to = await excludeHost(root, who.name, row, host, body);
      return { database: body.database, host: host.id, name: host.name, to };
    },
  };
}
