/** The demo's tree: root, a regional relay, two site relays, and hosts of two environments below them. */
export interface DemoNode {
  readonly name: string;
  readonly environment: string;
  /** Name of the relay above; null: the root server. */
  readonly parent: string | null;
  readonly serve: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

export const environments = ['acme/staging', 'acme/production'] as const;

const relay = (name: string, parent: string | null, site: string): DemoNode => ({
  name,
  environment: 'acme/production',
  parent,
  serve: true,
  labels: { role: 'relay', site },
});
const host = (name: string, environment: string, site: string, role: string): DemoNode => ({
  name,
  environment: `acme/${environment}`,
  parent: `relay-${site}`,
  serve: false,
  labels: { role, site },
});

/** Parents stand before their children. */
export const demoNodes: readonly DemoNode[] = [
  relay('relay-europe', null, 'europe'),
  relay('relay-muc', 'relay-europe', 'muc'),
  relay('relay-fra', 'relay-europe', 'fra'),
  host('web-muc-1', 'production', 'muc', 'web'),
  host('web-fra-1', 'production', 'fra', 'web'),
  host('build-fra-1', 'production', 'fra', 'build'),
  host('web-staging-1', 'staging', 'fra', 'web'),
  host('build-staging-1', 'staging', 'muc', 'build'),
];

/** The nodes whose folders and services are checked: everything that is not a relay only. */
export const demoHosts = demoNodes.filter(({ serve }) => !serve);
