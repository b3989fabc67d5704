import { type Deployment, mappingOf, mayFit, parseSelector, type Selector, selects } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import type { PlacedHost } from '../hosts/host-rows.ts';
import { installedOf } from '../transitions/graph.ts';
import { type DeploymentWays, deploymentWays, type HostWay } from '../transitions/paths.ts';
import { leavingOut } from './demanding.ts';
import type { HeardReport } from './heard-report.ts';

/** What of a deployment a host takes, and why it does not take the rest of what its labels give it. */
export interface TakingPart {
  readonly components: readonly string[];
  /** By an operator, who keeps it out of every deployment. */
  readonly pinned: readonly string[];
  /** Without a fitting variant, in a deployment that leaves such hosts out. */
  readonly unfit: readonly string[];
  /** Not adopted by a host that observes. */
  readonly observed: readonly string[];
  /** Why no way leads this host to the release: it takes nothing; null: there is one. */
  readonly shut: HostWay['refused'];
}

/** Who takes part in a deployment with what, by the environment as it is now. */
export interface Parts {
  readonly ways: DeploymentWays | null;
  of(host: PlacedHost, report: HeardReport | undefined): TakingPart;
}

export async function partsOf(db: Database, deployment: Deployment): Promise<Parts> {
  const selectors = await selectorsOf(db, deployment);
  const demanding = await leavingOut(db, deployment);
  const ways = await deploymentWays(db, deployment);
  return {
    ways,
    of: (host, report) => {
      const part = { components: [], pinned: [], unfit: [], observed: [], shut: null };
      const given = host.retired ? [] : givenTo(deployment, host, selectors);
      if (given.length === 0) return part;
      const shut = ways?.to(installedOf(report, deployment.product).values()).refused ?? null;
      if (shut !== null) return { ...part, shut };
      const taken = Object.groupBy(given, (name) => {
        if (Object.hasOwn(host.pinned, name)) return 'pinned';
        const document = demanding.get(name);
        if (document !== undefined && !mayFit(document, report?.facts)) return 'unfit';
        return isOnlyObserved(name, report) ? 'observed' : 'components';
      });
      return { ...part, ...taken };
    },
  };
}

function givenTo({ id: deployment }: Deployment, host: PlacedHost, selectors: ReadonlyMap<string, Selector>) {
  const isGiven = (name: string, selector: Selector) =>
    host.kept[name]?.deployment === deployment || selects(selector, host);
  return [...selectors].filter(([name, selector]) => isGiven(name, selector)).map(([name]) => name);
}

/** What an observing host has not adopted is neither waited for nor counted. */
export function isOnlyObserved(component: string, report: HeardReport | undefined): boolean {
  return report?.observing !== undefined && report.components.every((one) => one.component !== component);
}

/** The selector of each of the deployment's components, as the environment maps it now. */
async function selectorsOf(db: Database, deployment: Deployment): Promise<Map<string, Selector>> {
  const row = await db
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', deployment.environment)
    .executeTakeFirstOrThrow();
  const spec = parseEnvironmentYaml(row.yaml, fullName(row));
  const mapping = Object.hasOwn(spec.products, deployment.product)
    ? spec.products[deployment.product]
    : undefined;
  const selectors = new Map<string, Selector>();
  for (const component of Object.keys(deployment.components)) {
    const mapped = mapping === undefined ? undefined : mappingOf(mapping, component);
    if (mapped !== undefined) selectors.set(component, parseSelector(mapped.where));
  }
  return selectors;
}
