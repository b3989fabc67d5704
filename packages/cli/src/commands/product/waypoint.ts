import { type Version, XylemError } from '@xylem/core';
import { defineCommand, flag, text } from '../../frame/define.ts';
import { isName, isVersion } from '../../frame/words.ts';
import { editReleases } from '../../publishing/edit-releases.ts';
import { rangeIn, withoutWaypoint, withWaypoint } from '../../publishing/edit-transitions.ts';

export const command = defineCommand({
  arguments: '<product> <version>',
  about: `Hosts that run a release below VERSION come to one above it only by way of VERSION: fetched, switched, well and committed, its
migrations done. They go by it themselves, whatever direction says; fresh hosts pass it by. Say it before you release what
lies above. Signed here, by the product's key.`,
  options: {
    from: text('<range>', 'only hosts with these versions must pass through it (default: all below)'),
    remove: flag('it need not be passed through any more'),
  },
  example: 'xylem product waypoint shop 2.0.0',
  async run(invocation) {
    const [product = '', version = ''] = invocation.args;
    const { from, remove } = invocation.options;
    if (!isName(product)) throw new XylemError('E_INPUT', `"${product}" is no product's name.`);
    if (!isVersion(version))
      throw new XylemError('E_INPUT', `"${version}" is no semantic version, such as 2.0.0.`);
    const waypoint = {
      version: version as Version,
      ...(from === undefined ? {} : { from: rangeIn(from) }),
    };
    const api = await invocation.api();
    const made = await editReleases(invocation, api, product, (content) =>
      remove ? withoutWaypoint(content, version) : withWaypoint(content, waypoint),
    );
    const said = remove
      ? `${product}@${version} is no waypoint`
      : `Hosts with ${from ?? 'older releases'} pass through ${product}@${version}`;
    return {
      data: { product, version, from: from ?? null, waypoint: !remove, changed: made !== null },
      text: made === null ? `${said}; that was so already.` : `${said} from now on.`,
    };
  },
});
