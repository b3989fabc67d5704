import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest } from '../ids.ts';
import { platformText, variantFor } from './variant.ts';

const variant = (name: string, where: object) => ({ tree: name as Digest, sizeBytes: 0, ...where });
const debian12 = { os: 'linux', arch: 'x64', distribution: 'debian', distributionVersion: '12' };

test('the most specific variant that fits is taken, whatever their order', () => {
  const variants = [
    variant('any', {}),
    variant('x64', { arch: 'x64' }),
    variant('linux', { os: 'linux' }),
    variant('debian', { distribution: 'debian' }),
    variant('debian 12', { distribution: 'debian', distributionVersion: '12' }),
    variant('debian 11', { distribution: 'debian', distributionVersion: '11', os: 'linux', arch: 'x64' }),
  ];
  const taken = (platform: Parameters<typeof variantFor>[1]): unknown => {
    const there = variantFor({ variants }, platform)?.tree;
    assert.equal(variantFor({ variants: variants.toReversed() }, platform)?.tree, there);
    return there;
  };
  assert.equal(taken(debian12), 'debian 12');
  assert.equal(taken({ ...debian12, distributionVersion: '11' }), 'debian 11');
  assert.equal(taken({ ...debian12, distributionVersion: '13' }), 'debian');
  assert.equal(taken({ ...debian12, distribution: 'ubuntu' }), 'linux');
  assert.equal(taken({ os: 'darwin', arch: 'x64' }), 'x64');
  assert.equal(taken({ os: 'darwin', arch: 'arm64' }), 'any');
});

test('a host that says no distribution gets no variant of one', () => {
  const variants = [variant('debian', { distribution: 'debian' })];
  assert.equal(variantFor({ variants }, { os: 'linux', arch: 'x64' }), null);
  assert.equal(platformText(debian12), 'debian 12, linux on x64');
  assert.equal(platformText({ os: 'linux', arch: 'x64' }), 'linux on x64');
});
