import { hostCountSchema, strategySchema, watchSchema } from '../deployment/strategy-schema.ts';
import { healthSchema, provenanceSchema } from '../environment/demands.ts';
import {
  defaultPolicy,
  defaultTenant,
  type EnvironmentSpec,
  type ProductMapping,
} from '../environment/spec.ts';
import { environmentKeys } from '../environment/stages.ts';
import { XylemError } from '../errors.ts';
import { metricsSchema } from '../metrics/metric.ts';
import { migrationPolicySchema } from '../migration/drive.ts';
import { approvalRulesSchema } from '../plan/approvals.ts';
import { remembering } from '../remembering.ts';
import {
  anyObject,
  array,
  boolean,
  closedObject,
  integer,
  literal,
  oneOf,
  record,
  string,
} from '../schema/build.ts';
import type { Static } from '../schema/json-schema.ts';
import { parseSelector } from '../selector/parse.ts';
import { afterSchema, incidentDemandSchema } from '../stage-order/policy.ts';
import { addressFault, type Probe, verifySchema } from '../verification/probe.ts';
import { mostPeriods, periodParts, quotaParts } from '../wire/change-policy.ts';
import { lockAtMostSeconds } from '../wire/desired-state.ts';
import { labelKey, labelValue, name, namePattern, version } from '../wire/fields.ts';
import { type CheckedYaml, checkYaml } from './check.ts';
import { refuseBadTraffic } from './traffic.ts';

const environmentName = string({
  title: 'an environment name like "acme/production", or "production" with one tenant',
  pattern: `${namePattern.slice(0, -1)}(/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$`,
});
const selector = string({ title: 'a selector like "role = web"', maxLength: 4096 });
const component = closedObject({}, { where: selector, config: anyObject(), after: array(name) });
const group = string({
  title: 'a value of the label, like "blue"',
  pattern: '^[^\\p{Cc}]+$',
  maxLength: 255,
});
const traffic = closedObject({
  component: name,
  key: string({ title: "a key of the component's configuration", minLength: 1, maxLength: 255 }),
  label: labelKey,
  groups: array(group, { minItems: 2, maxItems: 2 }),
});
const product = closedObject(
  {},
  { channel: name, release: version, components: record(name, component), traffic },
);
const periods = array(closedObject(periodParts.required, periodParts.optional), {
  minItems: 1,
  maxItems: mostPeriods,
});

const environmentYamlSchema = closedObject(
  { environment: environmentName },
  {
    stage: name,
    labels: record(labelKey, labelValue),
    products: record(name, product),
    policy: closedObject(
      {},
      {
        reportEverySeconds: integer({ title: 'seconds from 10 to 604800', minimum: 10, maximum: 604_800 }),
        keepPrevious: integer({ minimum: 0, maximum: 100 }),
        lockAtMostSeconds,
        drift: oneOf('repair', 'report'),
        windows: periods,
        freezes: periods,
        urgentPassesFreezes: boolean(),
        quota: closedObject(quotaParts),
        maxUnavailable: hostCountSchema,
        after: afterSchema,
        health: healthSchema,
        incidents: incidentDemandSchema,
        watch: watchSchema,
        verify: verifySchema,
        metrics: metricsSchema,
        strategy: strategySchema,
        approvals: approvalRulesSchema,
        fourEyes: boolean(),
        urgentApprovals: approvalRulesSchema,
        migrations: migrationPolicySchema,
        change: literal('required'),
        preflight: literal('required'),
        provenance: provenanceSchema,
      },
    ),
  },
);

/** The schema that an environment's YAML is read by, for editors that complete and check: JSON Schema 2020-12. */
export function environmentJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'An environment of Xylem',
    ...environmentYamlSchema,
  };
}

/**
 * Reads an environment's YAML. A component without `where` goes to all hosts; an environment without a tenant belongs
 * to `default`. Throws E_INPUT naming file, line, column, key and what is expected.
 */
export const parseEnvironmentYaml = (text: string, file: string): EnvironmentSpec =>
  parseNamed(`${file}\n${text}`);

const parseNamed = remembering(
  (named) => {
    const end = named.indexOf('\n');
    return parsed(named.slice(end + 1), named.slice(0, end));
  },
  { most: 2_000, maxChars: 4_000_000 },
);

function parsed(text: string, file: string): EnvironmentSpec {
  const { value, refuse } = checkYaml(text, environmentYamlSchema, file);
  for (const key of environmentKeys) {
    if (Object.hasOwn(value.labels ?? {}, key))
      refuse(
        ['labels', key],
        `expected another key: selectors have the environment's own ${key} by this name`,
      );
  }
  for (const [index, { name: metric, limit, margin, ratio }] of (value.policy?.metrics ?? []).entries()) {
    const path = ['policy', 'metrics', index];
    if (limit === 0 || limit === 1) refuse([...path, 'limit'], 'expected a share above 0 and below 1');
    if (limit !== undefined && (margin ?? ratio) !== undefined)
      refuse([...path, 'limit'], 'expected either limit, or margin and ratio against controls');
    if (value.policy?.metrics?.findIndex((one) => one.name === metric) !== index)
      refuse([...path, 'name'], 'expected another name: there is a metric of this name already');
  }
  refuseProbes(value.policy?.verify ?? [], refuse);
  const products: [string, ProductMapping][] = [];
  for (const [key, mapping] of Object.entries(value.products ?? {})) {
    if (mapping.channel !== undefined && mapping.release !== undefined) {
      refuse(['products', key, 'release'], 'expected either channel or release, found both');
    }
    for (const [component, { where = '' }] of Object.entries(mapping.components ?? {})) {
      const fault = selectorFaultOf(where);
      if (fault !== undefined)
        refuse(['products', key, 'components', component, 'where'], `not a selector: ${fault}`);
    }
    products.push([key, mappingFrom(mapping)]);
  }
  refuseBadTraffic(Object.fromEntries(products), refuse);
  return {
    name: value.environment.includes('/') ? value.environment : `${defaultTenant}/${value.environment}`,
    ...(value.stage === undefined ? {} : { stage: value.stage }),
    ...(value.labels === undefined ? {} : { labels: value.labels }),
    products: Object.fromEntries(products),
    policy: { ...defaultPolicy, ...value.policy },
  };
}

function refuseProbes(probes: readonly Probe[], refuse: CheckedYaml<unknown>['refuse']): void {
  for (const [index, written] of probes.entries()) {
    const { name: probe, url, from = 'root', where, here } = written;
    const path = ['policy', 'verify', index];
    for (const key of ['where', 'here'] as const)
      if (from === 'root' && written[key] !== undefined)
        refuse([...path, key], 'expected `from: hosts` beside it: the root server asks this one');
    const fault = selectorFaultOf(where ?? '');
    if (fault !== undefined) refuse([...path, 'where'], `not a selector: ${fault}`);
    if (here === true && /^[\d.]+$|^\[/.test(URL.parse(url)?.hostname ?? ''))
      refuse([...path, 'url'], 'expected a name, not a number: `here` asks this machine by it');
    if (probes.findIndex((one) => one.name === probe) !== index)
      refuse([...path, 'name'], 'expected another name: there is a probe of this name already');
    const wrong = addressFault(written);
    if (wrong !== null) refuse([...path, 'url'], wrong);
  }
}

function mappingFrom({ components, traffic: switched, ...named }: Static<typeof product>): ProductMapping {
  const [one = '', other = ''] = switched?.groups ?? [];
  const release =
    switched === undefined ? named : { ...named, traffic: { ...switched, groups: [one, other] as const } };
  if (components === undefined) return release;
  const filled = Object.entries(components).map(
    ([key, { where = 'all', config = {}, after = [] }]) =>
      [key, { where: where.trim() === '' ? 'all' : where, config, after }] as const,
  );
  return { ...release, components: Object.fromEntries(filled) };
}

function selectorFaultOf(where: string): string | undefined {
  try {
    parseSelector(where);
    return undefined;
  } catch (error) {
    if (!(error instanceof XylemError)) throw error;
    return `column ${String(error.details.column)}: expected ${String(error.details.expected)}`;
  }
}
