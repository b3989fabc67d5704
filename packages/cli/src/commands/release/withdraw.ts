import { defineCommand } from '../../frame/define.ts';
import { nameAtVersion, only } from '../../frame/words.ts';
import { editReleases, withdraw } from '../../publishing/edit-releases.ts';

export const command = defineCommand({
  arguments: '<release>',
  about: `Says, signed by the product's key, that a release must not be installed. Hosts that run it keep it until they are given
another; nobody takes it anew. \`xylem release restore\` takes it back.`,
  example: 'xylem release withdraw shop@2.4.0',
  async run(invocation) {
    const { name: product, version } = nameAtVersion(only(invocation.args), 'release');
    const api = await invocation.api();
    const { release } = await api.call('releaseShow', { params: { product, version } });
    const made = await editReleases(invocation, api, product, (content) => withdraw(content, release));
    return {
      data: { product, version, release, changed: made !== null },
      text:
        made === null
          ? `${product}@${version} was withdrawn before; nothing was changed.`
          : `${product}@${version} is withdrawn: no host takes it any more.`,
    };
  },
});
