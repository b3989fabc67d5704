import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@xylem/platform';
import type { Program } from '@xylem/testkit';
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

/** Starts the root server and logs in, as its operator would. */
export async function startRoot(
  xylem: Program,
  folder: string,
  port: number,
): Promise<Pick<Fleet, 'apiUrl' | 'token'>> {
  const state = join(folder, 'root');
  const { operatorToken } = (await xylem.command(['root', 'init', '--state', state, '--tenant', 'acme'])) as {
    operatorToken: string;
  };
  const addresses = ['--api', `127.0.0.1:${port}`, '--listen', '127.0.0.1:0'];
  const { apiUrl } = (await xylem.start('root', ['root', 'run', '--state', state, ...addresses])) as {
    apiUrl: string;
  };
  await xylem.command(['login', apiUrl, '--token', operatorToken, '--name', 'demo']);
  return { apiUrl, token: operatorToken };
}

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
    const state = join(folder, 'hosts', node.name);
    const labels = Object.entries(node.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
    const serve = node.serve ? ['--serve'] : [];
    const serves = node.serve ? ['--serves', 'acme/*'] : [];
    const made = (await xylem.command([
      'token',
      'create',
      '--env',
      node.environment,
      ...serve,
      ...serves,
      ...labels,
    ])) as { token: string; url: string };
    const parent = node.parent === null ? made.url : (addresses.get(node.parent) ?? made.url);
    await xylem.command([
      'join',
      parent,
      '--token',
      made.token,
      '--name',
      node.name,
      '--state',
      state,
      ...serve,
    ]);
    const listen = node.serve ? ['--listen', '127.0.0.1:0'] : [];
    const ready = (await xylem.start(node.name, ['agent', 'run', '--state', state, ...listen])) as {
      url?: string;
    };
    if (ready.url !== undefined) addresses.set(node.name, ready.url);
    folders.set(node.name, state);
    say(`${node.name} joined ${node.environment} below ${node.parent ?? 'the root server'}`);
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
