import { XylemError } from '@xylem/core';
import type { Release } from '@xylem/root/contract';
import type { Api } from '../../api/client.ts';
import { count, defineCommand, flag, text } from '../../frame/define.ts';
import { counted, isName, nameAtVersion, only } from '../../frame/words.ts';
import { ageMs, editReleases, outdated, retire } from '../../publishing/edit-releases.ts';

interface Chosen {
  readonly product: string;
  readonly releases: readonly Release[];
}

async function one(api: Api, word: string): Promise<Chosen> {
  const { name: product, version } = nameAtVersion(word, 'release');
  return { product, releases: [await api.call('releaseShow', { params: { product, version } })] };
}

const someText = (versions: readonly string[]): string =>
  versions.length <= 10
    ? versions.join(', ')
    : `${versions.slice(0, 9).join(', ')} and ${versions.length - 9} more`;

export const command = defineCommand({
  arguments: '<release|product>',
  about: `A retired release leaves the product's role and stays in the record: hosts that run it keep it, no host takes it any more, and
a rollback to it is refused. SHOP@1.0.0 names one; with --keep or --older-than a product's old ones go, but never what a
channel points to, or what an environment runs or would go back to.`,
  options: {
    keep: count('<number>', 'so many of the newest versions stay', 1),
    olderThan: text('<time>', 'only what was issued so long ago: 36h, 90d, 26w'),
    dryRun: flag('say what would be retired, and sign nothing'),
  },
  example: 'xylem release retire shop --keep 50 --older-than 90d',
  async run(invocation) {
    const { args, options, clock } = invocation;
    const word = only(args);
    const api = await invocation.api();
    const { keep, olderThan, dryRun } = options;
    const isBulk = keep !== undefined || olderThan !== undefined;
    if (isBulk !== isName(word)) {
      throw new XylemError(
        'E_INPUT',
        `Write one release, as in shop@1.0.0, or a product with --keep or --older-than, as in \`xylem release retire shop --keep 50\`.`,
      );
    }
    const beforeMs = olderThan === undefined ? undefined : clock.now() - ageMs(olderThan, '--older-than');
    const chosen: Chosen = isBulk
      ? {
          product: word,
          releases: outdated((await api.call('releaseList', { params: { product: word } })).releases, {
            keep,
            beforeMs,
          }),
        }
      : await one(api, word);
    const { product, releases } = chosen;
    const versions = releases.map(({ version }) => version);
    const used = releases.filter(({ inUse }) => inUse).map(({ version }) => `${product}@${version}`);
    const facts = { product, inUse: used };
    if (dryRun || versions.length === 0) {
      const none = `Nothing of ${product} is to be retired.`;
      const would = `Would retire ${counted(versions.length, 'release')} of ${product}: ${someText(versions)}.`;
      return {
        data: { ...facts, retired: [], wouldRetire: versions },
        text: versions.length === 0 ? none : would,
      };
    }
    const made = await editReleases(invocation, api, product, (content) =>
      retire(
        content,
        product,
        releases.map(({ release }) => release),
      ),
    );
    const retired = made?.retired ?? [];
    const lines = [
      retired.length === 0
        ? `${product}@${someText(versions)} was retired before; nothing was changed.`
        : `Retired ${counted(retired.length, 'release')} of ${product}: ${someText(retired)}.`,
    ];
    if (used.length > 0)
      lines.push(`${used.join(', ')} is in use: hosts that run it keep it, and no other host takes it.`);
    return { data: { ...facts, retired }, text: lines.join('\n') };
  },
});
