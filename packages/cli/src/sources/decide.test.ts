import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isVersion, type Version } from '@xylem/core';
import { parseSourceYaml, versionIn } from '@xylem/core/yaml';
import { doingAbout, newestOf, type Present } from './decide.ts';

const offered = (version: string) => ({ version: version as Version, name: `v${version}` });
const at = (version: string, setMs: number): Present['channel'] => ({ version: version as Version, setMs });

test('the newest is the highest version, not the last one, and no prerelease unless wanted', () => {
  const all = ['1.9.0', '1.10.0', '2.0.0-rc.1', '1.2.0'].map(offered);
  assert.equal(newestOf(all, false)?.version, '1.10.0');
  assert.equal(newestOf(all, true)?.version, '2.0.0-rc.1');
  assert.equal(newestOf([], true), null);
});

test('versions are found in names by a pattern', () => {
  assert.equal(versionIn('v1.2.0', 'v*', isVersion), '1.2.0');
  assert.equal(versionIn('shop-1.2.0-final', 'shop-*-final', isVersion), '1.2.0');
  for (const name of ['1.2.0', 'v1.2', 'v', 'v1.2.0+build', 'vv1.2.0']) {
    assert.equal(versionIn(name, 'v*', isVersion), undefined, name);
  }
});

test('what is done about the newest version', () => {
  const cases: [string, string | null, Present, boolean, string][] = [
    ['nothing there', null, { releasedMs: null, channel: null }, true, 'nothing'],
    ['a new one', '2.0.0', { releasedMs: null, channel: at('1.0.0', 1) }, true, 'release'],
    ['the first', '1.0.0', { releasedMs: null, channel: null }, true, 'release'],
    [
      'released, and the channel follows',
      '1.0.0',
      { releasedMs: 5, channel: at('1.0.0', 6) },
      true,
      'nothing',
    ],
    ['ended before the channel moved', '2.0.0', { releasedMs: 5, channel: at('1.0.0', 1) }, true, 'channel'],
    ['ended before the first setting', '1.0.0', { releasedMs: 5, channel: null }, true, 'channel'],
    ['a person went back', '2.0.0', { releasedMs: 5, channel: at('1.0.0', 9) }, true, 'nothing'],
    ['a tag was removed', '1.0.0', { releasedMs: null, channel: at('2.0.0', 1) }, true, 'nothing'],
    ['no channel', '1.0.0', { releasedMs: 5, channel: null }, false, 'nothing'],
    ['no channel, a new one', '1.0.0', { releasedMs: null, channel: at('2.0.0', 1) }, false, 'release'],
  ];
  for (const [what, version, present, follows, kind] of cases) {
    const newest = version === null ? null : offered(version);
    assert.equal(doingAbout(newest, present, follows).kind, kind, what);
  }
});

test('a description that says none or two origins, or reaches out of the source, is refused', () => {
  const packages = 'packages: [{ folder: api }]';
  const read = (text: string) => () => parseSourceYaml(text, 'shop.yaml');
  assert.equal(read(`source: shop\nfolder: out\n${packages}\n`)().origin.kind, 'folder');
  assert.throws(read(`source: shop\n${packages}\n`), { code: 'E_INPUT', message: /exactly one of/ });
  const git = 'git: { repository: https://git.test/shop.git, tags: v* }';
  assert.throws(read(`source: shop\nfolder: out\n${git}\n${packages}\n`), { message: /exactly one of/ });
  assert.throws(read('source: shop\nfolder: out\npackages: [{ folder: ../other }]\n'), {
    message: /shop\.yaml:3:.*without/,
  });
  const option = 'git: { repository: --upload-pack=touch, tags: v* }';
  assert.throws(read(`source: shop\n${option}\n${packages}\n`), { code: 'E_INPUT' });
});
