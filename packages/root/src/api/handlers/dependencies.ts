import { adviceText, dependencyGraph, type Need, type PlacedComponent, pathText } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { visibleProducts } from '../../auth/visible.ts';
import { consequences } from '../../dependencies/consequences.ts';
import { placedIn } from '../../dependencies/placed.ts';
import { namedRelease } from '../../deployments/choose-release.ts';
import { productDirections } from '../../deployments/rows.ts';
import { environmentsMatching, fullName, refOf } from '../../environments/names.ts';
import { productNamed } from '../../publishing/products.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';

const bare = ({ product, release, component, version, where }: PlacedComponent) => ({
  product,
  release,
  component,
  version,
  where,
});
const shownNeed = ({ by, component, range, met, found }: Need) => ({
  by: bare(by),
  component,
  range,
  met,
  versions: [...new Set(found.map(({ version }) => version))],
});

export function dependencyHandlers(root: Root): Pick<Handlers, 'dependencies' | 'consequences'> {
  const { db, config } = root;
  return {
    dependencies: async ({ params: { product }, query, who }) => {
      await productNamed(db, product);
      const patterns = query.environment === undefined ? undefined : [query.environment];
      const environments = [];
      for (const row of await environmentsMatching(db, patterns, config.tenant, who.access.within('read'))) {
        const spec = parseEnvironmentYaml(row.yaml, fullName(row));
        const all = await placedIn(db, spec, await productDirections(db, row.id));
        const { components, needs } = dependencyGraph(all, product);
        if (components.length === 0) continue;
        environments.push({
          environment: refOf(row),
          components: components.map(bare),
          needs: needs.map(shownNeed),
        });
      }
      return { product, environments };
    },
    consequences: async ({ params: { product, version }, query, who }) => {
      await productNamed(db, product);
      const target = await namedRelease(db, product, version);
      const sees = await visibleProducts(db, who.access);
      const patterns = query.environment === undefined ? undefined : [query.environment];
      const environments = [];
      for (const row of await environmentsMatching(db, patterns, config.tenant, who.access.within('read'))) {
        const spec = parseEnvironmentYaml(row.yaml, fullName(row));
        // Those that are not named are those that have the product.
        if (patterns === undefined && !Object.hasOwn(spec.products, product)) continue;
        const directions = await productDirections(db, row.id);
        const change = { environment: row, spec, directions, product, target };
        const { before, coming, outcome } = await consequences(db, change, sees);
        environments.push({
          environment: refOf(row),
          outcome: outcome.kind,
          moves:
            'moves' in outcome
              ? outcome.moves.map((move) => ({ ...move, because: shownNeed(move.because) }))
              : [],
          path: outcome.kind === 'fits' ? null : pathText(before, coming, outcome),
          advice: adviceText(before, coming, outcome),
        });
      }
      return { product, version, environments };
    },
  };
}
