import { resolve } from 'node:path';
import { defineCommand, list, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { manifestName } from '../../manifest/manifest.ts';
import { publishPackage } from '../../publishing/publish-package.ts';

export const command = defineCommand({
  arguments: '<dir>',
  about: `DIR holds ${manifestName}; \`xylem package init\` writes a first one. Only what the root server lacks is sent. The same
bytes again change nothing; other bytes under a published version are refused.`,
  options: {
    version: text('<version>', `instead of the version in ${manifestName}`),
    attest: list(
      '<file>',
      "an in-toto statement about the package's digest, in a DSSE envelope; may be repeated",
    ),
  },
  example: 'xylem package publish ./shop-api',
  async run(invocation) {
    const { args, options, api } = invocation;
    const published = await publishPackage(invocation, await api(), resolve(only(args)), {
      ...(options.version === undefined ? {} : { version: options.version }),
      statements: options.attest,
    });
    const { product, component, version, created } = published;
    const label = `${component}@${version}`;
    return {
      data: published,
      text: created
        ? `${label} is published (${published.package.slice(0, 16)}).\nNext: xylem release create ${product}@${version} --with ${label}`
        : `${label} is published already, with the same bytes; nothing was changed.`,
    };
  },
});
