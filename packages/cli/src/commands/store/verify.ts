import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { XylemError } from '@xylem/core';
import { type FoundFault, lookIntoRepository, verifyRepository } from '@xylem/store';
import { defineCommand, flag, text } from '../../frame/define.ts';
import { counted, sizeText } from '../../frame/words.ts';

export const command = defineCommand({
  about: `Reads all objects in the state folder of a root server or of a relay on this very machine, while it runs or not, and
compares them with their digests: what a disk damaged or lost is found before a host asks for it. With --repair a relay's
damaged files are removed: it fetches them again from its parents when a child asks, at the latest within an hour and a half. A
root server has no parent: its files are copied from a backup, or from the repository of a relay.`,
  options: {
    state: text('<folder>', 'of the root server, or of the host that serves (default: .xylem/root)'),
    repair: flag("remove a relay's damaged files, so that it fetches them again"),
  },
  example: 'xylem store verify --state /var/lib/xylem/host --repair',
  async run({ options, terminal, signal }) {
    const { folder, isRelay } = repositoryIn(resolve(options.state ?? '.xylem/root'));
    if (options.repair && !isRelay)
      throw new XylemError(
        'E_INPUT',
        'A root server has nobody to fetch from. Without --repair its damaged files are named: copy them from a backup.',
      );
    const repository = lookIntoRepository(folder);
    const { files, bytes, faults } = await verifyRepository(repository, { signal });
    const removed = options.repair ? faults.filter(({ fault }) => fault === 'damaged') : [];
    for (const { path, domain, digest } of removed) {
      if (path === `o/${domain}/${digest}`) await repository.removeObject(domain, digest);
      else await repository.removeFile(path);
    }
    const data = { folder, files, bytes, faults, removed: removed.map(({ path }) => path) };
    const read = `${counted(files, 'file')}, ${sizeText(bytes)} read in ${folder}.`;
    if (faults.length === 0) return { data, text: `${read} Nothing is damaged.` };
    terminal.note([read, ...faults.map(({ path, fault }) => `${fault}: ${path}`)].join('\n'));
    if (options.repair) return { data, text: repairedText(faults, removed) };
    const advice = isRelay
      ? 'Run it again with --repair.'
      : 'Copy them from a backup, or from the same paths below relay/repository of a relay.';
    throw new XylemError(
      'E_STATE_DAMAGED',
      `${counted(faults.length, 'file')} damaged or missing. ${advice}`,
      {
        details: { faults: faults.slice(0, 100) },
      },
    );
  },
});

function repairedText(faults: readonly FoundFault[], removed: readonly FoundFault[]): string {
  const missing = faults.length - removed.length;
  const rest = missing === 0 ? '' : ` ${counted(missing, 'file')} missing.`;
  return `${counted(removed.length, 'damaged file')} removed.${rest} The relay fetches them again when a child asks, at the latest within an hour and a half.`;
}

/** @throws XylemError E_NOT_FOUND */
function repositoryIn(state: string): { readonly folder: string; readonly isRelay: boolean } {
  const own = join(state, 'repository');
  if (existsSync(join(own, 'o'))) return { folder: own, isRelay: false };
  const copy = join(state, 'relay', 'repository');
  if (existsSync(join(copy, 'o'))) return { folder: copy, isRelay: true };
  throw new XylemError(
    'E_NOT_FOUND',
    `${state} is neither the state folder of a root server nor that of a host that serves.`,
  );
}
