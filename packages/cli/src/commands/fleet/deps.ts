import type { Consequences, Dependencies } from '@xylem/root/contract';
import { defineCommand, text } from '../../frame/define.ts';
import { nameAtVersion, only } from '../../frame/words.ts';
import { environmentQuery } from '../../selection/environments.ts';

export const command = defineCommand({
  arguments: '<product>',
  about: `Of a product (shop): what its components need of others on the same host, and what needs them. Of a release
(shop@2.4.0): what has to change with it, and what it would break; without --to in the environments that have shop.`,
  options: { to: text('<environment>', 'only in this environment, or pattern') },
  example: 'xylem deps shop@2.4.0 --to acme/production',
  async run({ args, options, api }) {
    const word = only(args);
    if (!word.includes('@')) {
      const answer = await (await api()).call('dependencies', {
        params: { product: word },
        query: environmentQuery(options.to),
      });
      return { data: answer, text: () => graphText(answer) };
    }
    const { name: product, version } = nameAtVersion(word, 'release');
    const answer = await (await api()).call('consequences', {
      params: { product, version },
      query: environmentQuery(options.to),
    });
    return { data: answer, text: () => consequencesText(answer) };
  },
});

type Graph = Dependencies['environments'][number];
type Component = Graph['components'][number];

function graphText({ product, environments }: Dependencies): string {
  if (environments.length === 0) return `${product} is given to no host.`;
  return environments.map(environmentText).join('\n\n');
}

function environmentText({ environment, components, needs }: Graph): string {
  const lines = components.flatMap((one) => [
    `  ${nameText(one)}`,
    ...needs
      .filter(({ by }) => isSame(by, one))
      .map(
        ({ component, range, met, versions }) =>
          `    needs ${component} ${range}: ${versions.join(', ') || 'there is none'}${met ? '' : ' (NOT MET)'}`,
      ),
    ...needs
      .filter((need) => need.component === one.component && need.versions.includes(one.version))
      .map(({ by, range }) => `    needed by ${by.component} ${by.version} (${range})`),
  ]);
  return [environment.name, ...lines].join('\n');
}

function consequencesText({ product, version, environments }: Consequences): string {
  if (environments.length === 0) return `No environment has ${product}.`;
  return environments
    .map(({ environment, outcome, moves, path, advice }) =>
      [
        `${environment.name}: ${product}@${version} ${said[outcome]}`,
        ...(path === null ? [] : [`  ${path}`]),
        ...moves.map(
          ({ product: other, from, to, because: { by, component, range } }) =>
            `  ${other} ${from ?? '-'} -> ${to}: ${by.component} ${by.version} needs ${component} ${range}`,
        ),
        ...(advice === null ? [] : [`  ${advice}`]),
      ].join('\n'),
    )
    .join('\n\n');
}

const said = {
  fits: 'fits: nothing else has to change',
  drags: 'needs other releases before it',
  together: 'needs other releases, and breaks something in any order',
  conflict: 'can not come',
  unknown: 'can not come with any set of releases that was looked at',
} as const satisfies Record<Consequences['environments'][number]['outcome'], string>;

const nameText = ({ product, release, component, version, where }: Component): string =>
  `${component} ${version} (${product}@${release}${where === 'all' ? '' : `, where ${where}`})`;
const isSame = (a: Component, b: Component): boolean =>
  a.product === b.product && a.release === b.release && a.component === b.component;
