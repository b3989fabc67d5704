import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { isName } from '../../frame/words.ts';
import { yesOption } from '../../selection/confirm.ts';
import { hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { changeHosts } from './shared.ts';

export const command = defineCommand({
  arguments: '<words...>',
  about: `Where someone on the host took a product back (xylem agent revert), it follows the environment again. Selectors come
first, the product last. Meant is the return that the host reported last: one that is ordered there later
stays.\n${selectorHelp}`,
  options: { ...hostOptions, ...yesOption },
  example: 'xylem host undo-revert web-7 shop',
  async run(invocation) {
    const { args, options, api } = invocation;
    const product = args.at(-1);
    if (product === undefined || !isName(product))
      throw new XylemError('E_INPUT', 'Write selectors, then the product: web-7 shop.');
    const select = hostSelection(args.slice(0, -1), options);
    const server = await api();
    return changeHosts(invocation, options.yes, `told to follow ${product} again`, (dryRun) =>
      server.call('hostUndoRevert', { body: { select, product, dryRun } }),
    );
  },
});
