import { XylemError } from '@xylem/core';
import { defineCommand, flag, text } from '../../frame/define.ts';
import { isName, only } from '../../frame/words.ts';
import { editReleases } from '../../publishing/edit-releases.ts';
import { rangeIn, withDowngrade, withoutDowngrade } from '../../publishing/edit-transitions.ts';

export const command = defineCommand({
  arguments: '<product>',
  about: `Says which steps back to older releases hosts take. Where nothing is said they go back to any, but not past a waypoint. The
last word that fits decides. What a host does by itself when a new version fails its check is none of this. Signed here, by
the product's key.`,
  options: {
    from: text('<range>', 'versions that hosts run'),
    to: text('<range>', 'versions that they would go back to'),
    allow: flag('they may'),
    refuse: flag('they may not'),
    remove: flag('nothing is said of these two ranges any more'),
  },
  example: "xylem product downgrade shop --from '2.x' --to '>=1.9.0 <2.0.0' --allow",
  async run(invocation) {
    const product = only(invocation.args);
    const { from, to, allow, refuse, remove } = invocation.options;
    if (!isName(product)) throw new XylemError('E_INPUT', `"${product}" is no product's name.`);
    if (from === undefined || to === undefined)
      throw new XylemError('E_INPUT', 'Give both --from and --to, each a range of versions.');
    if ([allow, refuse, remove].filter(Boolean).length !== 1)
      throw new XylemError('E_INPUT', 'Give one of --allow, --refuse and --remove.');
    const ranges = { from: rangeIn(from), to: rangeIn(to) };
    const api = await invocation.api();
    const made = await editReleases(invocation, api, product, (content) =>
      remove ? withoutDowngrade(content, ranges) : withDowngrade(content, { ...ranges, allowed: allow }),
    );
    const may = allow ? 'may' : 'may not';
    const said = remove
      ? `Nothing is said of going from ${product} ${from} back to ${to}`
      : `Hosts ${may} go from ${product} ${from} back to ${to}`;
    return {
      data: { product, ...ranges, allowed: remove ? null : allow, changed: made !== null },
      text: made === null ? `${said}; that was so already.` : `${said} from now on.`,
    };
  },
});
