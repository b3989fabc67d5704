import type { ResponseOf } from '@xylem/root/contract';
import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { sizeText } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '[product]',
  about: `What products have at the root server. TREES: all files of all versions; CONTENT: of these what differs, within versions and
components; STORED: that compressed, on the disk, patches too; SHARED: of that, in files that other products have too and
that are there once. For one product: what each of its packages brought that none before it had.`,
  example: 'xylem store show shop',
  async run({ args, api }) {
    const [product] = args;
    const server = await api();
    if (product === undefined) {
      const answer = await server.call('storeShow', {});
      return { data: answer, text: () => productsText(answer) };
    }
    const answer = await server.call('storeOfProduct', { params: { product } });
    return { data: answer, text: () => packagesText(answer) };
  },
});

const quotaText = (bytes: number | null): string => (bytes === null ? '-' : sizeText(bytes));

const productsText = ({ products }: ResponseOf<'storeShow'>): string =>
  tabulate(
    ['PRODUCT', 'PACKAGES', 'TREES', 'CONTENT', 'STORED', 'SHARED', 'PATCHES', 'QUOTA'],
    products.map((one) => [
      one.product,
      one.packages,
      sizeText(one.treeBytes),
      sizeText(one.contentBytes),
      sizeText(one.storedBytes),
      sizeText(one.sharedBytes),
      sizeText(one.patchBytes),
      quotaText(one.quotaBytes),
    ]),
    'No product yet. The first `xylem package publish` creates its own.',
  );

function packagesText(answer: ResponseOf<'storeOfProduct'>): string {
  const { packages, storedBytes, patchBytes, otherBytes, quotaBytes } = answer;
  const rows = packages.map(({ component, version, treeBytes, broughtBytes }) => [
    `${component}@${version}`,
    sizeText(treeBytes),
    sizeText(broughtBytes),
  ]);
  const quota = quotaBytes === null ? '' : ` of ${sizeText(quotaBytes)}`;
  const sums = `${sizeText(storedBytes)}${quota}, of which patches ${sizeText(patchBytes)}, and what no package names ${sizeText(otherBytes)}.`;
  return `${tabulate(['PACKAGE', 'TREES', 'BROUGHT'], rows, 'Nothing is published.')}\n${sums}`;
}
