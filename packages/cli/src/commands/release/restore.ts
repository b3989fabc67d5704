import { encodeRelease, type Release, XylemError } from '@xylem/core';
import { targetDigest } from '@xylem/trust';
import { defineCommand } from '../../frame/define.ts';
import { nameAtVersion, only } from '../../frame/words.ts';
import { editReleases, restore } from '../../publishing/edit-releases.ts';

export const command = defineCommand({
  arguments: '<release>',
  about: "Takes back a withdrawal or a retirement: the product's role vouches for the release again.",
  example: 'xylem release restore shop@2.4.0',
  async run(invocation) {
    const { name: product, version } = nameAtVersion(only(invocation.args), 'release');
    const api = await invocation.api();
    const [{ domain }, there] = await Promise.all([
      api.call('productShow', { params: { product } }),
      api.call('releaseShow', { params: { product, version } }),
    ]);
    // The document as it was signed: what is vouched for again is computed from what is shown, never taken on trust.
    const document = {
      format: 'xylem-release-1',
      product,
      version,
      domain,
      issued: there.issued,
      notes: there.notes,
      packages: there.packages,
    };
    const released = targetDigest(encodeRelease(document as unknown as Release));
    if (released.sha256 !== there.release) {
      throw new XylemError(
        'E_RELEASE_INVALID',
        `What ${api.url} shows of ${product}@${version} is not the release ${there.release.slice(0, 16)}. Nothing was signed.`,
      );
    }
    const made = await editReleases(invocation, api, product, (content) =>
      restore(content, product, released),
    );
    return {
      data: { product, version, release: there.release, changed: made !== null },
      text:
        made === null
          ? `${product}@${version} was neither withdrawn nor retired; nothing was changed.`
          : `${product}@${version} is vouched for again.`,
    };
  },
});
