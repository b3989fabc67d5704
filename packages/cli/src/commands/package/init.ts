import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { defineCommand, flag, text } from '../../frame/define.ts';
import { isName, only } from '../../frame/words.ts';
import { detect } from '../../manifest/detect.ts';
import { firstManifest } from '../../manifest/first.ts';
import { manifestName, readManifest } from '../../manifest/manifest.ts';

export const command = defineCommand({
  arguments: '<dir>',
  about: `Reads a package.json, a systemd unit or a Compose file if there is one, and writes ${manifestName} with comments.`,
  options: {
    product: text('<product>', "the product (default: the component's name)"),
    force: flag(`replace a ${manifestName} that is there`),
  },
  example: 'xylem package init ./shop-api --product shop',
  async run({ args, options }) {
    const folder = resolve(only(args));
    if (!(await stat(folder).catch(() => undefined))?.isDirectory())
      throw new XylemError('E_INPUT', `${folder} is no folder.`);
    const file = join(folder, manifestName);
    if (existsSync(file) && !options.force) {
      throw new XylemError(
        'E_CONFLICT',
        `${file} is there already, and stays as it is. --force replaces it.`,
      );
    }
    const findings = await detect(folder);
    const product = options.product ?? findings.component;
    if (!isName(product))
      throw new XylemError(
        'E_INPUT',
        `--product ${product} is not valid. Use lower-case letters, digits and -.`,
      );
    await writeFileAtomic(file, firstManifest(findings, product));
    const { package: made } = await readManifest(folder);
    return {
      data: { file, from: findings.from, package: made },
      text: `${file}: ${made.component}@${made.version}, kind ${made.kind}, from ${findings.from}.\nNext: look it over, then xylem package publish ${only(args)}`,
    };
  },
});
