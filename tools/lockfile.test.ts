// What we install: exactly what the lockfile says, from whichever registry the user's npm is set to, running nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { glob, type Manifest, readJson, readText } from './workspace.ts';

interface LockedPackage extends Partial<Manifest> {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  license?: string;
  hasInstallScript?: boolean;
  inBundle?: boolean;
}

/** Packages whose install scripts we know and do without: installs run with --ignore-scripts. */
const installScriptsKnown = [
  'node_modules/esbuild', // checks its binary, which @esbuild/<platform> brings
];

/** Open source only. */
const licences =
  /^(MIT(-0)?|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|CC0-1\.0|CC-BY-4\.0|Unlicense|Python-2\.0|Zlib|MPL-2\.0)$/;

const exactVersion = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const dependencyKinds = ['dependencies', 'devDependencies', 'optionalDependencies'] as const;

const manifests = [
  'package.json',
  'tools/node20/package.json',
  ...glob('{packages/*,bench,tools,demo}/package.json'),
];

for (const path of ['package-lock.json', 'tools/node20/package-lock.json']) {
  const { packages } = readJson<{ packages: Record<string, LockedPackage> }>(path);
  const installed = Object.entries(packages).filter(
    ([at, entry]) => at.includes('node_modules/') && entry.link !== true && entry.inBundle !== true,
  );

  test(`${path} names no download address`, () => {
    assert.doesNotMatch(readText(path), /"resolved": *"[^"]*:/);
  });

  test(`${path} has a version and a digest for every package`, () => {
    const lacking = installed.filter(
      ([, { version = '', integrity = '' }]) =>
        !exactVersion.test(version) || !integrity.startsWith('sha512-'),
    );
    assert.deepEqual(lacking, []);
  });

  test(`${path} has install scripts only where we know them`, () => {
    const scripted = installed.filter(([, entry]) => entry.hasInstallScript === true).map(([at]) => at);
    assert.deepEqual(
      scripted.filter((at) => !installScriptsKnown.includes(at)),
      [],
    );
  });

  test(`${path} holds open-source packages only`, () => {
    const closed = installed.filter(([, { license = '' }]) => {
      const alternatives = license.replace(/[()]/g, '').split(' OR ');
      return !alternatives.some((choice) => choice.split(' AND ').every((part) => licences.test(part)));
    });
    assert.deepEqual(
      closed.map(([at, { license }]) => `${at}: ${license}`),
      [],
    );
  });
}

for (const path of manifests) {
  test(`${path} asks for exact versions, the same ones as the lockfile`, () => {
    const manifest = readJson<Manifest>(path);
    const [lockPath, at] = path.startsWith('tools/node20/')
      ? ['tools/node20/package-lock.json', '']
      : ['package-lock.json', path === 'package.json' ? '' : path.slice(0, -'/package.json'.length)];
    const locked = readJson<{ packages: Record<string, LockedPackage> }>(lockPath).packages[at];
    for (const kind of dependencyKinds) {
      const asked = manifest[kind] ?? {};
      assert.deepEqual(
        Object.entries(asked).filter(([, version]) => !exactVersion.test(version)),
        [],
      );
      assert.deepEqual(locked?.[kind] ?? {}, asked, `${kind}: run npm install and commit ${lockPath}`);
    }
  });
}

test('what is installed is what the lockfile says, byte for byte as npm checked it', () => {
  const locked = readJson<{ packages: Record<string, LockedPackage> }>('package-lock.json').packages;
  const there = readJson<{ packages: Record<string, LockedPackage> }>(
    'node_modules/.package-lock.json',
  ).packages;
  const others = Object.entries(there).filter(
    ([at, { integrity, link }]) => link !== true && locked[at]?.integrity !== integrity,
  );
  assert.deepEqual(
    others.map(([at]) => at),
    [],
  );
});

test('no package stands under the name of another, and none is replaced', () => {
  for (const path of ['package-lock.json', 'tools/node20/package-lock.json']) {
    const { lockfileVersion, packages } = readJson<{
      lockfileVersion: number;
      packages: Record<string, LockedPackage>;
    }>(path);
    assert.equal(lockfileVersion, 3, path);
    const renamed = Object.entries(packages).filter(
      ([at, { name }]) => at.includes('node_modules/') && name !== undefined && !at.endsWith(`/${name}`),
    );
    assert.deepEqual(
      renamed.map(([at, { name }]) => `${at} is ${name}`),
      [],
    );
  }
  for (const path of manifests) {
    const { overrides, scripts = {} } = readJson<{ overrides?: object; scripts?: Record<string, string> }>(
      path,
    );
    assert.equal(overrides, undefined, `${path} overrides what packages ask for`);
    const onInstall = Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name));
    assert.deepEqual(onInstall, [], `${path} runs something when it is installed`);
  }
});

test('set-up runs no script of any package', () => {
  const npmCalls = readText('tools/bootstrap.sh').match(/^\s*npm \$1.*$/gm) ?? [];
  assert.ok(npmCalls.length > 0, 'tools/bootstrap.sh calls npm elsewhere: look there');
  for (const call of npmCalls) assert.match(call, /--ignore-scripts/);
});

test('each dependency has its line of why', () => {
  const page = readText('docs/adr/0011-dependencies.md');
  const asked = manifests
    .map((path) => readJson<Manifest>(path))
    .flatMap((one) => [...Object.keys(one.dependencies ?? {}), ...Object.keys(one.devDependencies ?? {})]);
  // "type packages" is one line for all of them.
  const unsaid = asked.filter((name) => !/^@(xylem|types)\//.test(name) && !page.includes(`\`${name}\``));
  assert.deepEqual([...new Set(unsaid)], []);
});
