import { mkdirSync, writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import {
  type NetworkLab,
  type NetworkNode,
  networkLab,
  type Program,
  program,
  removeLater,
  startRoot,
  tempFolder,
  type Unavailable,
  xylemEntry,
} from '@xylem/testkit';

export const environment = 'acme/production';

const arriveSeconds = 100;

/** A root server in a lab, its operator, and what is released there: one file. */
export interface LabHere {
  readonly lab: NetworkLab;
  readonly root: NetworkNode;
  /** The operator, at the root server. */
  readonly operator: Program;
  at(...names: string[]): string;
  /** The program on a node, logging into `at('logs-NAME')`. */
  on(node: NetworkNode, env?: Readonly<Record<string, string>>): Program;
  /** Publishes a version of the file and has the environment given it. */
  release(version: string, content: Buffer | string): Promise<void>;
  /** As `release`, and waits until all hosts have it. */
  arrive(version: string, content: Buffer | string): Promise<void>;
}

/** @param options.ipv6Only the root server is known by its address, not by a name */
export async function labHere(
  t: Pick<TestContext, 'after'>,
  name: string,
  options: { readonly ipv6Only?: boolean } = {},
): Promise<LabHere | Unavailable> {
  const lab = await networkLab(t, options);
  if ('skip' in lab) return lab;
  const folder = await tempFolder(t, name);
  const at = (...names: string[]): string => [folder, ...names].join('/');
  const on: LabHere['on'] = (node, env = {}) => {
    const [home, logs] = [at(`home-${node.name}`), at(`logs-${node.name}`)];
    const xylem = program({ entry: xylemEntry, home, logs, within: node.within, env });
    removeLater(t, () => xylem.stop());
    return xylem;
  };
  const root = await lab.node('root');
  const operator = on(root);
  const url = options.ipv6Only === true ? `https://[${root.address6()}]:8441` : 'https://root.lab:8441';
  const nodes = { listen: '[::]:8441', url };
  await startRoot(operator, at('root'), 'acme', { nodes });
  writeFileSync(at('production.yaml'), `environment: ${environment}\nproducts:\n  shop: {}\n`);
  await operator.command(['env', 'create', environment, '--file', at('production.yaml')]);
  const release = async (version: string, content: Buffer | string, words: readonly string[] = []) => {
    const package_ = at(`package-${version}`);
    mkdirSync(`${package_}/tree`, { recursive: true });
    writeFileSync(`${package_}/tree/file`, content);
    const manifest = `product: shop\ncomponent: web\nversion: ${version}\nfolder: tree\n`;
    writeFileSync(`${package_}/xylem.yaml`, manifest);
    await operator.command(['package', 'publish', package_]);
    await operator.command(['release', 'create', `shop@${version}`, '--with', `web@${version}`]);
    const to = ['--to', environment, '--strategy', 'all-at-once', ...words];
    await operator.command(['deploy', `shop@${version}`, ...to]);
  };
  return {
    lab,
    root,
    operator,
    at,
    on,
    release,
    arrive: async (version, content) => {
      const bounded = ['--watch', '--timeout', `${arriveSeconds}`];
      await release(version, content, bounded).catch(async (cause: unknown) => {
        const hosts = JSON.stringify(await operator.command(['host', 'list']));
        throw new Error(`${version} did not arrive; the root server knows of ${hosts}`, { cause });
      });
    },
  };
}
