import { count, defineCommand, flag } from '../../frame/define.ts';
import { counted, sizeText } from '../../frame/words.ts';

const mostDays = 3650;

export const command = defineCommand({
  about: `Removes from the root server the content of packages all of whose releases were retired (xylem release retire), which
no host runs and no environment was directed to lately, and what broken-off publishing left behind. Packages stay known by
name; publishing one again brings its content back. Publishing waits meanwhile. Relays remove by themselves what nothing
refers to.`,
  options: {
    dryRun: flag('say what would go, and change nothing'),
    keep: count('<days>', 'what is younger stays (default: 7)', 1, mostDays),
  },
  example: 'xylem store gc --dry-run',
  async run({ options, api }) {
    const { dryRun, keep } = options;
    const body = { ...(dryRun ? { dryRun } : {}), ...(keep === undefined ? {} : { keptDays: keep }) };
    const answer = await (await api()).call('storeCollect', { body, timeoutMs: 3_600_000 });
    const { packages, trees, packs, bytes, removed } = answer;
    const names = packages.map(({ product, component, version }) => `${product}/${component}@${version}`);
    const sum = `${counted(packages.length, 'package')}, ${counted(trees, 'tree')}, ${counted(packs, 'pack')}, ${sizeText(bytes)}`;
    return {
      data: answer,
      text: [...names, removed ? `${sum} removed.` : `${sum} would go. Nothing was changed.`].join('\n'),
    };
  },
});
