import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Digest, HostId } from '../ids.ts';
import { mayFit, unfitHosts } from './unfit.ts';

const tree = '0'.repeat(64) as Digest;
const debian = { os: 'linux', arch: 'x64', distribution: 'debian', distributionVersion: '12' };
const variants = [{ tree, sizeBytes: 1, ...debian }];

test('a host fits by what it says, and what it does not say speaks for it', () => {
  assert.equal(mayFit({ variants }, debian), true);
  assert.equal(mayFit({ variants }, { ...debian, distributionVersion: '11' }), false);
  assert.equal(mayFit({ variants }, { ...debian, arch: 'arm64' }), false);
  assert.equal(mayFit({ variants: [...variants, { tree, sizeBytes: 1 }] }, { os: 'plan9', arch: 'x' }), true);
  assert.equal(mayFit({ variants }, undefined), true, 'it has not reported');
  assert.equal(mayFit({ variants }, {}), true);
  assert.equal(
    mayFit({ variants }, { os: 'linux', arch: 'x64' }),
    true,
    'an agent that names no distribution',
  );
  assert.equal(mayFit({ variants }, { os: 'linux', arch: 'arm64' }), false);
});

test('hosts are named with the component that does not fit, and only with those that they are given', () => {
  const host = (name: string, arch: string, ...components: string[]) => ({
    id: name as HostId,
    name,
    components,
    facts: { ...debian, arch },
  });
  const packages = new Map([
    ['api', { variants }],
    ['web', { variants: [{ tree, sizeBytes: 1 }] }],
  ]);
  const hosts = [host('a', 'x64', 'api', 'web'), host('b', 'arm64', 'api', 'web'), host('c', 'arm64', 'web')];
  assert.deepEqual(unfitHosts(hosts, packages), [
    { host: 'b', name: 'b', component: 'api', platform: 'debian 12, linux on arm64' },
  ]);
});
