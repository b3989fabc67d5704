import type { WatchRules } from '../deployment/after.ts';
import type { HostCount } from '../deployment/deployment.ts';
import type { WantedStrategy } from '../deployment/strategy.ts';
import type { Config } from '../direction/config.ts';
import type { HostMetric } from '../metrics/metric.ts';
import type { MigrationPolicy } from '../migration/drive.ts';
import type { ApprovalRule } from '../plan/approvals.ts';
import type { After, IncidentDemand } from '../stage-order/policy.ts';
import type { TrafficSwitch } from '../traffic/switch.ts';
import type { Probe } from '../verification/probe.ts';
import type { Version } from '../versions.ts';
import type { ChangePolicy } from '../wire/change-policy.ts';

/** What an environment's YAML says (docs/concepts.md), with everything optional filled in. */
export interface EnvironmentSpec {
  /** `<tenant>/<environment>`. */
  readonly name: string;
  /** Where it stands in its tenant's order; absent: nowhere, and no release has to come by another one first. */
  readonly stage?: string;
  /** The operator's word about it, for selectors over environments. */
  readonly labels?: Readonly<Record<string, string>>;
  /** In the order in which they are written. */
  readonly products: Readonly<Record<string, ProductMapping>>;
  readonly policy: EnvironmentPolicy;
}

export interface ProductMapping {
  /** At most one of the two; with neither, deployments alone decide. */
  readonly channel?: string;
  readonly release?: Version;
  /** Absent: every component of the release on every host. Else those that are named. */
  readonly components?: Readonly<Record<string, ComponentMapping>>;
  readonly traffic?: TrafficSwitch;
  /** By component, over its configuration, where it is a switch: not of the YAML, see `withTraffic`. */
  readonly serving?: Readonly<Record<string, Config>>;
  /** Sealed values by component, over its configuration: not of the YAML, see `withSealed`. */
  readonly sealed?: Readonly<Record<string, Config>>;
}

export interface ComponentMapping {
  /** A selector. */
  readonly where: string;
  readonly config: Config;
  /** Besides what the release says. May name components of other products. */
  readonly after: readonly string[];
}

export interface EnvironmentPolicy extends ChangePolicy {
  readonly reportEverySeconds: number;
  readonly keepPrevious: number;
  /** For how long a component's own lock may hold up a change; absent: as docs/spec/lifetimes.md says. */
  readonly lockAtMostSeconds?: number;
  /** What becomes of what others changed on a host; absent: it is put back. */
  readonly drift?: 'repair' | 'report';
  /** For rolling deployments that do not say otherwise. */
  readonly maxUnavailable: HostCount;
  /** What a release must have behind it; absent: that it succeeded in the stage before, if there is one. */
  readonly after?: After;
  /** Of updates for which nobody names one. */
  readonly strategy?: WantedStrategy;
  /** How many of its hosts must be well before anything but a way back begins here. */
  readonly health?: { readonly atLeast: `${number}%` };
  /** What open incidents here stop everything but a way back; absent: none do. */
  readonly incidents?: IncidentDemand;
  /** Of updates that have succeeded; absent: nobody looks after them. */
  readonly watch?: WatchRules;
  /** What users would see: asked again and again, and compared before and after an update that is watched. */
  readonly verify?: readonly Probe[];
  /** Figures of hosts that deployments are judged by besides their reports. */
  readonly metrics?: readonly HostMetric[];
  /** Statements without which no release is deployed here. */
  readonly provenance?: { readonly require: readonly StatementRule[] };
  /** All of them must be met before anything but a way back begins here (docs/spec/plans.md). */
  readonly approvals?: readonly ApprovalRule[];
  /** An author's own approval does not count; without rules one approval is demanded. */
  readonly fourEyes?: boolean;
  /** Of what is urgent, in place of `approvals`; absent: the same. */
  readonly urgentApprovals?: readonly ApprovalRule[];
  /** Nothing but a way back begins without a change ticket that is approved. */
  readonly change?: 'required';
  /** Nothing but a way back begins before all hosts that it changes looked beforehand whether they can take it. */
  readonly preflight?: 'required';
  /** Absent: people order the steps of migrations. */
  readonly migrations?: MigrationPolicy;
}

/** One demand on the evidence about a release (docs/spec/evidence.md). */
export interface StatementRule {
  /** As in-toto writes it: `https://slsa.dev/provenance/v1`. */
  readonly predicateType: string;
  /** Whose word counts: a public key in PEM. */
  readonly key: string;
  /** The builder's id, of SLSA provenance. */
  readonly builder?: string;
  /** What it was built from, of SLSA provenance. */
  readonly source?: string;
}

export const defaultTenant = 'default';
export const defaultPolicy: EnvironmentPolicy = {
  reportEverySeconds: 3600,
  keepPrevious: 1,
  maxUnavailable: '10%',
};
export const everywhere: ComponentMapping = { where: 'all', config: {}, after: [] };

/** How a product maps a component: undefined where it is not installed in this environment. */
export function mappingOf(mapping: ProductMapping, component: string): ComponentMapping | undefined {
  const { components, serving = {}, sealed = {} } = mapping;
  const mapped =
    components === undefined
      ? everywhere
      : Object.hasOwn(components, component)
        ? components[component]
        : undefined;
  if (mapped === undefined) return undefined;
  const laid = [serving, sealed].filter((values) => Object.hasOwn(values, component));
  if (laid.length === 0) return mapped;
  return { ...mapped, config: Object.assign({}, mapped.config, ...laid.map((values) => values[component])) };
}

/** The environment with its sealed values, which are kept beside the YAML, over the configuration of components. */
export function withSealed(spec: EnvironmentSpec, sealed: Readonly<Record<string, Config>>): EnvironmentSpec {
  if (Object.keys(sealed).length === 0) return spec;
  const products = Object.entries(spec.products).map(([product, mapping]) => [
    product,
    { ...mapping, sealed },
  ]);
  return { ...spec, products: Object.fromEntries(products) };
}
