import { XylemError } from '@xylem/core';
import { defineCommand, flag, text } from '../../frame/define.ts';
import { isName } from '../../frame/words.ts';
import { editReleases } from '../../publishing/edit-releases.ts';
import { rangeIn, withDeadEnd, withoutDeadEnd } from '../../publishing/edit-transitions.ts';

export const command = defineCommand({
  arguments: '<product> <range>',
  about: `Says that no update leads on from these versions: a person has to act on hosts that run them. They keep what they have and
report the reason (E_DEAD_END); deployments leave them out. Signed here, by the product's key.`,
  options: {
    reason: text('<text>', 'why, and what a person has to do there'),
    remove: flag('updates lead on from them again'),
  },
  example: "xylem product dead-end shop '1.3.0 - 1.3.4' --reason 'Lost its key: install anew'",
  async run(invocation) {
    const [product = '', word = ''] = invocation.args;
    const { reason, remove } = invocation.options;
    if (!isName(product)) throw new XylemError('E_INPUT', `"${product}" is no product's name.`);
    const versions = rangeIn(word);
    if (!remove && (reason ?? '').trim() === '')
      throw new XylemError('E_INPUT', 'Say with --reason why, and what a person has to do.');
    const api = await invocation.api();
    const made = await editReleases(invocation, api, product, (content) =>
      remove ? withoutDeadEnd(content, versions) : withDeadEnd(content, { versions, reason: reason ?? '' }),
    );
    const said = remove
      ? `Updates lead on from ${product} ${versions}`
      : `No update leads on from ${product} ${versions}`;
    return {
      data: { product, versions, reason: reason ?? null, deadEnd: !remove, changed: made !== null },
      text: made === null ? `${said}; that was so already.` : `${said} from now on.`,
    };
  },
});
