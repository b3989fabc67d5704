import { XylemError } from '@xylem/core';
import { defineCommand, list, text } from '../../frame/define.ts';
import { isName, nameAtVersion, only } from '../../frame/words.ts';
import { createRelease, type Part } from '../../publishing/create-release.ts';

/** `shop-web=shop-api` says that shop-web is installed after shop-api. */
function readAfter(words: readonly string[]): Map<string, string[]> {
  const after = new Map<string, string[]>();
  for (const word of words) {
    const [component = '', others = '', ...more] = word.split('=');
    const names = others.split(',');
    if (more.length > 0 || ![component, ...names].every(isName))
      throw new XylemError(
        'E_INPUT',
        `--after ${word} is not valid. Write shop-web=shop-api: the first is installed after the second.`,
      );
    after.set(component, [...(after.get(component) ?? []), ...names]);
  }
  return after;
}

function partsFrom(withWords: readonly string[], afterWords: readonly string[]): Part[] {
  const after = readAfter(afterWords);
  const wanted = withWords.map((word) => nameAtVersion(word, 'package'));
  const stranger = [...after.keys(), ...[...after.values()].flat()].find(
    (one) => !wanted.some(({ name }) => name === one),
  );
  if (stranger !== undefined)
    throw new XylemError('E_INPUT', `--after names ${stranger}, which no --with names.`);
  const twice = wanted.find(({ name }, index) => wanted.findIndex((one) => one.name === name) < index);
  if (twice !== undefined)
    throw new XylemError(
      'E_INPUT',
      `--with names ${twice.name} twice. A release has one version of a component.`,
    );
  return wanted.map(({ name, version }) => ({ component: name, version, after: after.get(name) ?? [] }));
}

export const command = defineCommand({
  arguments: '<release>',
  about:
    "Signed here, by the product's key. The same again changes nothing; other packages under a version are refused.",
  options: {
    with: list('<component@version>', 'a published package that belongs to it; may be repeated'),
    after: list('<component=others>', 'installed after these: shop-web=shop-api; may be repeated'),
    notes: text('<text>', 'what is new'),
  },
  example: 'xylem release create shop@2.4.0 --with shop-api@2.4.0 --with shop-web@1.9.0',
  async run(invocation) {
    const { args, options, api } = invocation;
    const { name: product, version } = nameAtVersion(only(args), 'release');
    if (options.with.length === 0)
      throw new XylemError('E_INPUT', 'A release needs at least one package: --with shop-api@2.4.0.');
    const parts = partsFrom(options.with, options.after);
    const made = await createRelease(invocation, await api(), {
      product,
      version,
      parts,
      notes: options.notes ?? '',
    });
    const what = made.created ? 'is released' : 'exists already with these packages';
    return {
      data: made,
      text: `${product}@${version} ${what} (${made.release.slice(0, 16)}).\nNext: xylem deploy ${product}@${version} --to ENVIRONMENT`,
    };
  },
});
