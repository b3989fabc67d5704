import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { OperatorHere } from './operator-here.ts';

/** The product `shop` with one component `pages`: a page that says its version. */
export interface Pages {
  /** Publishes a version of it, and a release of the same version. */
  publish(version: string, by?: OperatorHere['json']): Promise<void>;
  /** Deploys a release and waits until every host has it. */
  deploy(version: string): Promise<void>;
  /** What the host in the folder `host` shows. */
  shown(host?: string): string;
}

/** An environment whose hosts get the pages. */
export const pagesYaml = (where: string, more = ''): string =>
  `environment: acme/production\n${more}products:\n  shop:\n    components:\n      pages: { where: ${where} }\n`;

/** Creates acme/production from `yaml`. */
export async function pagesEnvironment(
  { at, json }: Pick<OperatorHere, 'at' | 'json'>,
  yaml: string,
): Promise<void> {
  writeFileSync(at('production.yaml'), yaml);
  await json(['env', 'create', 'acme/production', '--file', at('production.yaml')]);
}

export function pages({ at, json }: Pick<OperatorHere, 'at' | 'json'>): Pages {
  return {
    async publish(version, by = json) {
      mkdirSync(at('made', 'tree'), { recursive: true });
      writeFileSync(at('made', 'tree', 'page.html'), version);
      const manifest = `product: shop\ncomponent: pages\nversion: ${version}\nfolder: tree\n`;
      writeFileSync(at('made', 'xylem.yaml'), manifest);
      await by(`package publish ${at('made')}`);
      await by(`release create shop@${version} --with pages@${version}`);
    },
    async deploy(version) {
      await json(`deploy shop@${version} --to acme/production --watch --yes --timeout 60`);
    },
    shown: (host = 'web') => readFileSync(at(host, 'components', 'pages', 'current', 'page.html'), 'utf8'),
  };
}
