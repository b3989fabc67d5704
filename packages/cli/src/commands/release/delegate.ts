import { type Time, timeOf, XylemError } from '@xylem/core';
import type { Delegate } from '@xylem/trust';
import { defineCommand, list, text } from '../../frame/define.ts';
import { isName, only } from '../../frame/words.ts';
import { ageMs, editReleases } from '../../publishing/edit-releases.ts';
import { readPublicKeys } from '../../publishing/key-roles.ts';

export const command = defineCommand({
  arguments: '<product>',
  about: `Lets a build sign releases of PRODUCT, and the channels that are named, until a moment, by a key of its own: the product's
key stays where it is. FILE is the public half, as \`xylem keys export\` writes it; the build's machine holds the key, or an
external signer does. Hosts refuse what a delegate signed once its time is over; \`release restore\`, signed by the product's
key, takes a release over before. The same --name again replaces what was said. Without options: who is delegated to.`,
  options: {
    name: text('<name>', 'what the delegate is called: ci'),
    key: text('<file>', 'its public key'),
    channel: list('<channel>', 'a channel that it may set; may be repeated'),
    expires: text('<time>', 'for how long: 36h, 90d, 26w; at most 365d (default: 90d)'),
    revoke: text('<name>', 'end this delegation now'),
  },
  example: 'xylem release delegate shop --name ci --key ci.json --channel nightly --expires 90d',
  async run(invocation) {
    const { args, options, clock } = invocation;
    const product = only(args);
    const { name, key: file, channel: channels, expires, revoke } = options;
    if (!isName(product)) throw new XylemError('E_INPUT', `"${product}" is no product's name.`);
    const isGiven = name !== undefined && file !== undefined;
    if ((name === undefined) !== (file === undefined) || (isGiven && revoke !== undefined)) {
      throw new XylemError('E_INPUT', 'Give --name and --key together, or --revoke, or none of them.');
    }
    if (!isGiven && (channels.length > 0 || expires !== undefined)) {
      throw new XylemError(
        'E_INPUT',
        '--channel and --expires are of a delegate: give --name and --key too.',
      );
    }
    const wrong = [...(name === undefined ? [] : [name]), ...channels].find((word) => !isName(word));
    if (wrong !== undefined) throw new XylemError('E_INPUT', `"${wrong}" is no name.`);
    const lastsMs = ageMs(expires ?? '90d', '--expires');
    if (lastsMs > 365 * 86_400_000)
      throw new XylemError('E_INPUT', `--expires ${expires} is more than 365d.`);
    const untilMs = Math.floor((clock.now() + lastsMs) / 1000) * 1000;
    const [key] = file === undefined ? [] : await readPublicKeys([file]);
    const made: Delegate[] =
      name === undefined || key === undefined ? [] : [{ name, key, channels, untilMs }];
    const gone = revoke ?? name;
    let after: readonly Delegate[] = [];
    const api = await invocation.api();
    const edited = await editReleases(invocation, api, product, (content) => {
      const { delegates: before = [] } = content;
      if (revoke !== undefined && !before.some((one) => one.name === revoke))
        throw new XylemError('E_NOT_FOUND', `${product} has no delegate ${revoke}.`);
      after = [...before.filter((one) => one.name !== gone), ...made];
      return { ...content, delegates: after };
    });
    const delegates = after.map((one) => ({
      name: one.name,
      keyid: one.key.keyId,
      channels: one.channels,
      until: timeOf(one.untilMs) as Time,
      ended: one.untilMs <= clock.now(),
    }));
    const lines = delegates.map(
      (one) =>
        `${one.name} (${one.keyid.slice(0, 16)}) signs releases of ${product}${one.channels.map((c) => `, ${product}/${c}`).join('')} ${one.ended ? 'no more: it ended at' : 'until'} ${one.until}`,
    );
    return {
      data: { product, delegates, changed: edited !== null },
      text: lines.length === 0 ? `Only the keys of ${product} sign its releases.` : lines.join('\n'),
    };
  },
});
