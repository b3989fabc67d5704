import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { yesOption } from '../../selection/confirm.ts';
import { hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { readLabels } from '../../selection/labels.ts';
import { changeHosts } from './shared.ts';

/** `role=web` sets, `role-` removes; other words select. */
function readWords(words: readonly string[]): {
  selector: string[];
  set: Record<string, string>;
  remove: string[];
} {
  const selector: string[] = [];
  const pairs: string[] = [];
  const remove: string[] = [];
  for (const word of words) {
    if (word.includes('=')) pairs.push(word);
    else if (/^[a-z0-9.-]+-$/.test(word)) remove.push(word.slice(0, -1));
    else selector.push(word);
  }
  if (pairs.length + remove.length > 0) return { selector, set: readLabels(pairs, remove), remove };
  throw new XylemError('E_INPUT', 'No label is named. Write role=web to set one, role- to remove one.');
}

export const command = defineCommand({
  arguments: '<words...>',
  about: `Selectors first, then labels: role=web sets, role- removes.\n${selectorHelp}`,
  options: { ...hostOptions, ...yesOption },
  example: 'xylem host label web-1 role=web site=muc old-',
  async run(invocation) {
    const { args, options, api } = invocation;
    const { selector, set, remove } = readWords(args);
    const select = hostSelection(selector, options);
    const server = await api();
    return changeHosts(invocation, options.yes, 'labelled', (dryRun) =>
      server.call('hostLabel', { body: { select, set, remove, dryRun } }),
    );
  },
});
