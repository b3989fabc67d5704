import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XylemError } from '../../errors.ts';
import { examples } from '../examples.test-data.ts';
import { parsePackage } from './document.ts';

function faultOf(document: object): string {
  try {
    parsePackage(document);
    return 'none';
  } catch (error) {
    assert.ok(error instanceof XylemError);
    assert.equal(error.code, 'E_PACKAGE_INVALID');
    return error.message;
  }
}

const cases = {
  deb: {
    native: 'all or amd64',
    foreign: 'arm64',
    names: ['--force', 'a', 'shop-', 'shop=1', 'shop/sid', 'Shop', '../shop'],
    versions: ['-1', 'latest', '1 2', '1/2', '1=2', '1^2'],
    files: ['/etc/a.deb', '../a.deb', 'a/../../b.deb', 'a.txt', './a.deb', 'a.rpm'],
  },
  rpm: {
    native: 'noarch or x86_64',
    foreign: 'aarch64',
    names: ['--force', '-e', 'shop=1', 'shop 1', '../shop', 'shop*', ''],
    versions: ['-1', '2', '0:1-1', '1-1-1', '1 2-1', '1=2-1', '%{x}-1', ':1-1'],
    files: ['/a.rpm', '../a.rpm', 'a/../../b.rpm', 'a.txt', './a.rpm', 'a*.rpm', 'http://a/b.rpm', 'a b.rpm'],
  },
};

for (const [kind, { native, foreign, names, versions, files }] of Object.entries(cases)) {
  const good = JSON.parse(new TextDecoder().decode(examples[`package-${kind}`]?.encoded));
  const [variant] = good.variants;
  const withVariant = (change: object): object => ({ ...good, variants: [{ ...variant, ...change }] });
  const without = (key: string): object => ({
    ...good,
    variants: [Object.fromEntries(Object.entries(variant).filter(([name]) => name !== key))],
  });
  const withPackage = (change: object): object =>
    withVariant({ packages: [{ ...variant.packages[0], ...change }] });

  test(`${kind}: a package says what its trees carry`, () => {
    assert.equal(faultOf(good), 'none');
    assert.match(faultOf(without('packages')), /at least one package/);
    assert.match(faultOf(withPackage({ asNeeded: true })), /at least one package/);
    assert.match(faultOf(withPackage({ architecture: foreign })), new RegExp(native));
    assert.match(faultOf(without('arch')), new RegExp(`expected ${native.split(' ')[0]} in`));
    assert.match(faultOf(without('distribution')), /beside a distribution/);
    assert.match(
      faultOf(withVariant({ packages: [...variant.packages, variant.packages[0]] })),
      /each package once/,
    );
  });

  test(`${kind}: no name, version or path of a package is anything else to the host's programs`, () => {
    for (const name of names) assert.notEqual(faultOf(withPackage({ package: name })), 'none', name);
    for (const version of versions) assert.notEqual(faultOf(withPackage({ version })), 'none', version);
    for (const file of files) assert.notEqual(faultOf(withPackage({ file })), 'none', file);
  });

  test(`${kind}: other kinds have nothing of it, for an agent that knows the kind alone would overlook it`, () => {
    const { [kind]: block, needs: _needs, ...rest } = good;
    const files = { ...rest, format: 'xylem-package-1', kind: 'files' };
    const bare = { tree: variant.tree, sizeBytes: 1 };
    assert.equal(faultOf({ ...files, variants: [bare] }), 'none');
    assert.match(faultOf({ ...files, variants: [bare], [kind]: block }), new RegExp(`kind "${kind}"`));
    for (const key of ['packages', 'distribution', 'distributionVersion'])
      assert.match(
        faultOf({ ...files, variants: [{ ...bare, [key]: variant[key] }] }),
        /kinds "deb" and "rpm"/,
      );
  });
}

test('rpm: an agent that does not know the kind whole refuses the document, and says what for', () => {
  const { needs: _needs, ...rest } = JSON.parse(new TextDecoder().decode(examples['package-rpm']?.encoded));
  assert.match(faultOf({ ...rest, format: 'xylem-package-1' }), /"rpm" among them/);
});
