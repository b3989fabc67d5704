import { type Config, type EnvironmentSpec, jcs, mappingOf, parseDesiredState } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import type { Recovery } from './recovery.ts';
import type { UnknownHost } from './restored-state.ts';
import { type TrafficSince, trafficSentence } from './traffic-since.ts';

/** What can't be had back, each with what a person can do about it. */
export function lostSentences(options: {
  readonly environments: readonly EnvironmentRow[];
  readonly recovery: Recovery;
  readonly unknown: readonly UnknownHost[];
  /** The newest desired state that was found, by environment. */
  readonly documents: ReadonlyMap<string, string>;
  readonly traffic: readonly TrafficSince[];
}): string[] {
  const { environments, recovery, unknown, documents, traffic } = options;
  return [
    ...traffic.map(trafficSentence),
    ...lostEnvironments(unknown),
    ...environments.flatMap((row) => [...lostLabels(row, recovery), ...lostYaml(row, documents.get(row.id))]),
    ...strangers(unknown),
    ...environments.flatMap((row) => quarantines(row, documents.get(row.id))),
    'Join tokens: those of the backup no longer work, for nobody knows how often they were used since. Create new ones.',
    'API tokens are those of the backup: one that was revoked since works again. Revoke it again.',
  ];
}

function lostEnvironments(unknown: readonly UnknownHost[]): string[] {
  const ids = unknown.flatMap(({ environment }) => (environment === null ? [] : [environment]));
  return [...Map.groupBy(ids, (id) => id)].map(
    ([id, hosts]) =>
      `The environment ${id} of ${hosts.length} reporting host(s) was made after the backup, and its keys are lost. Create it again; its hosts join anew, with new state folders.`,
  );
}

function strangers(unknown: readonly UnknownHost[]): string[] {
  const count = unknown.filter(({ environment }) => environment === null).length;
  if (count === 0) return [];
  return [`${count} host(s) report without a certificate of this installation. They must join again.`];
}

/** They come back upon the confirmation; who set them and why does not. */
function quarantines(row: EnvironmentRow, document: string | undefined): string[] {
  const said = document === undefined ? [] : (parseDesiredState(document).quarantined ?? []);
  if (said.length === 0) return [];
  const names = said.map(({ product, version }) => `${product}@${version}`).join(', ');
  return [
    `Quarantined in ${fullName(row)} by the newest direction that a relay holds: ${names}. That holds again upon the confirmation; who set it since the backup, and why, is lost.`,
  ];
}

function lostLabels(row: EnvironmentRow, { joined }: Recovery): string[] {
  const bare = joined.filter(({ environment, entry }) => environment === row.id && entry === null);
  if (bare.length === 0) return [];
  const names = bare.slice(0, 5).map(({ own }) => own.name);
  return [
    `Labels, parents and configuration of ${bare.length} host(s) in ${fullName(row)} that joined after the backup (${names.join(', ')}${bare.length > 5 ? ', …' : ''}): no relay holds a host map that names them. Set them by \`xylem host label\` after the confirmation.`,
  ];
}

/** Which group serves is kept beside the YAML, and said by itself. */
function withoutSwitch(spec: EnvironmentSpec, component: string, config: Config): Config {
  const keys = Object.values(spec.products).flatMap(({ traffic }) =>
    traffic?.component === component ? [traffic.key] : [],
  );
  return Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));
}

/** Where the newest direction gave a component to others, or configured it otherwise, than the backup's YAML does. */
function lostYaml(row: EnvironmentRow, document: string | undefined): string[] {
  if (document === undefined) return [];
  const spec = parseEnvironmentYaml(row.yaml, fullName(row));
  const seen = new Set<string>();
  const changed: string[] = [];
  for (const { product, component, where, config } of parseDesiredState(document).assignments) {
    const mapping = Object.hasOwn(spec.products, product) ? spec.products[product] : undefined;
    // A product that the backup does not map is mapped upon the confirmation, as it was.
    if (mapping === undefined || seen.has(component)) continue;
    seen.add(component);
    const mapped = mappingOf(mapping, component);
    if (
      mapped?.where === where &&
      jcs(withoutSwitch(spec, component, mapped.config)) === jcs(withoutSwitch(spec, component, config))
    )
      continue;
    changed.push(`${component} (where: ${where === '' ? 'all' : where})`);
  }
  if (changed.length === 0) return [];
  return [
    `The YAML of ${fullName(row)} was changed after the backup: ${changed.join(', ')}. Bring it up to date by \`xylem env edit\` before the confirmation.`,
  ];
}
