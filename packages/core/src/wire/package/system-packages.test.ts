import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XylemError } from '../../errors.ts';
import { examples } from '../examples.test-data.ts';
import { parsePackage } from './document.ts';

const good = JSON.parse(new TextDecoder().decode(examples['package-deb']?.encoded));
const [variant] = good.variants;

function faultOf(change: object): string {
  try {
    parsePackage({ ...good, ...change });
    return 'none';
  } catch (error) {
    assert.ok(error instanceof XylemError);
    assert.equal(error.code, 'E_PACKAGE_INVALID');
    return error.message;
  }
}
const withVariant = (change: object): object => ({ variants: [{ ...variant, ...change }] });
const without = (key: string): object => ({
  variants: [Object.fromEntries(Object.entries(variant).filter(([name]) => name !== key))],
});
const withPackage = (change: object): object =>
  withVariant({ packages: [{ ...variant.packages[0], ...change }] });

test('a deb says what its trees carry', () => {
  assert.equal(faultOf({}), 'none');
  assert.match(faultOf(without('packages')), /at least one package/);
  assert.match(faultOf(withPackage({ asNeeded: true })), /at least one package/);
  assert.match(faultOf(withPackage({ architecture: 'arm64' })), /all or amd64/);
  assert.match(faultOf(without('arch')), /expected all/);
  assert.match(faultOf(without('distribution')), /beside a distribution/);
  assert.match(
    faultOf(withVariant({ packages: [...variant.packages, variant.packages[0]] })),
    /each package once/,
  );
});

test('no name, version or path of a package is anything else to apt', () => {
  for (const name of ['--force', 'a', 'shop-', 'shop=1', 'shop/sid', 'Shop', '../shop'])
    assert.notEqual(faultOf(withPackage({ package: name })), 'none', name);
  for (const version of ['-1', 'latest', '1 2', '1/2', '1=2'])
    assert.notEqual(faultOf(withPackage({ version })), 'none', version);
  for (const file of ['/etc/a.deb', '../a.deb', 'a/../../b.deb', 'a.txt', './a.deb'])
    assert.notEqual(faultOf(withPackage({ file })), 'none', file);
});

test('other kinds have nothing of it: an agent that knows the kind alone would overlook it', () => {
  const { deb: _deb, ...files } = { ...good, kind: 'files' };
  const fault = (change: object): string => {
    try {
      parsePackage({ ...files, variants: [{ tree: variant.tree, sizeBytes: 1, ...change }] });
      return 'none';
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.equal(fault({}), 'none');
  for (const key of ['packages', 'distribution', 'distributionVersion'])
    assert.match(fault({ [key]: variant[key] }), /kind "deb"/);
});
