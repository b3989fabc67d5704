import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { isName, isVersion } from '../../frame/words.ts';
import { editReleases, withFloor } from '../../publishing/edit-releases.ts';

export const command = defineCommand({
  arguments: '<product> <version>',
  about: `Hosts refuse releases below the floor, also when a stolen director asks for one, and remember the highest that they saw: a
floor never falls. Signed here, by the product's key.`,
  example: 'xylem product floor shop 2.0.0',
  async run(invocation) {
    const [product = '', version = ''] = invocation.args;
    if (!isName(product)) throw new XylemError('E_INPUT', `"${product}" is no product's name.`);
    if (!isVersion(version))
      throw new XylemError('E_INPUT', `"${version}" is no semantic version, such as 2.0.0.`);
    const api = await invocation.api();
    const made = await editReleases(invocation, api, product, (content) => withFloor(content, version));
    return {
      data: { product, floor: version, changed: made !== null },
      text:
        made === null
          ? `The floor of ${product} is ${version} already.`
          : `No host takes ${product} below ${version} any more.`,
    };
  },
});
