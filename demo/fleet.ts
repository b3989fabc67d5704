import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@xylem/platform';
import { type Program, startNode } from '@xylem/testkit';
import { type DemoNode, demoHosts, demoNodes, environments } from './nodes.ts';
import { freePorts } from './services.ts';

/** What runs once the demo's tree is up. */
export interface Fleet {
  readonly apiUrl: string;
  /** Of the root server's operator. */
  readonly token: string;
  /** The state folder of each node. */
  readonly folders: ReadonlyMap<string, string>;
  /** Where the web service of each host of role web listens: they share one machine. */
  readonly webPorts: ReadonlyMap<string, number>;
}

const environmentYaml = (name: string): string => `environment: ${name}
products:
  demo:
    components:
      typescript:
        where: not role = relay
      http-server:
        where: role = web
`;

export async function createEnvironments(xylem: Program, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of environments) {
    const file = join(folder, `${name.replace('/', '-')}.yaml`);
    await writeFileAtomic(file, environmentYaml(name));
    await xylem.command(['env', 'create', name, '--file', file]);
  }
}

/** Joins every node below its parent and starts its agent, level by level: a parent serves before a child joins. */
export async function startNodes(
  xylem: Program,
  root: Pick<Fleet, 'apiUrl' | 'token'>,
  folder: string,
  say: (line: string) => void,
): Promise<Fleet> {
  const folders = new Map<string, string>();
  const addresses = new Map<string, string>();
  const start = async (node: DemoNode): Promise<void> => {
    const { name, environment, serve } = node;
    const state = join(folder, 'hosts', name);
    const labels = Object.entries(node.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
    const tokenWords = serve ? ['--serves', 'acme/*', ...labels] : labels;
    const parent = node.parent === null ? undefined : addresses.get(node.parent);
    const url = await startNode(xylem, { name, environment, state, parent, serve, tokenWords });
    if (url !== undefined) addresses.set(name, url);
    folders.set(name, state);
    say(`${name} joined ${environment} below ${node.parent ?? 'the root server'}`);
  };
  for (const level of levels()) await Promise.all(level.map(start));

  const webHosts = demoHosts.filter(({ labels }) => labels.role === 'web');
  const ports = await freePorts(webHosts.length);
  const webPorts = new Map(webHosts.map(({ name }, index) => [name, ports[index] ?? 0]));
  for (const [name, port] of webPorts)
    await xylem.command(['host', 'configure', name, 'http-server', `port=${port}`]);
  return { ...root, folders, webPorts };
}

function levels(): DemoNode[][] {
  const found: DemoNode[][] = [];
  for (let above: (string | null)[] = [null]; ; ) {
    const level = demoNodes.filter(({ parent }) => above.includes(parent));
    if (level.length === 0) return found;
    found.push(level);
    above = level.map(({ name }) => name);
  }
}
