// Dependencies between packages run one way (docs/development/architecture.md).
import assert from 'node:assert/strict';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { build, type Metafile } from 'esbuild';
import { checkout, isTest, packages, readJson, readText, sourceFiles } from './workspace.ts';

const lower = ['core', 'platform'];
const middle = [...lower, 'store', 'trust'];
const upper = [...middle, 'bundle'];
/** What each package may import. A new package takes its place here first. */
const allowed: Record<string, string[]> = {
  core: [],
  platform: ['core'],
  store: lower,
  trust: lower,
  bundle: middle,
  agent: upper,
  relay: upper,
  root: upper,
  cli: [...upper, 'agent', 'relay', 'root'],
  web: ['core'],
  sim: ['core'],
  testkit: middle,
};

/** What runs on a host must stay small and must not open a database. */
const forbiddenOnHosts = ['kysely', 'pg', 'fastify', 'node:sqlite', 'sqlite'];

const scoped = /(['"`])@xylem\/([a-z]+)(\/[^'"`]*)?\1/g;
const relativeSpecifier = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.[^'"]*)\1/g;

const all = packages();

function xylemDependencies(kind: Record<string, string> = {}): string[] {
  return Object.keys(kind)
    .filter((name) => name.startsWith('@xylem/'))
    .map((name) => name.slice('@xylem/'.length));
}

/** What a package's `exports` offer: '.' and perhaps a few named doors. */
function doorsOf(name: string): string[] {
  return Object.keys(all.find((other) => other.name === name)?.manifest.exports ?? {});
}

for (const { name, folder, manifest, references } of all) {
  test(`${name} imports only what stands below it`, () => {
    const mayImport = allowed[name];
    assert.ok(mayImport, `tools/dependencies.test.ts does not say what ${name} may import`);
    for (const file of sourceFiles(name)) {
      const source = readText(file);
      for (const [, , imported = '', deep] of source.matchAll(scoped)) {
        const isDoor = deep === undefined || doorsOf(imported).includes(`.${deep}`);
        const isOfTests = deep === '/testing' && !isTest(file);
        assert.ok(!isOfTests, `${file} imports @xylem/${imported}/testing, which is for tests and benches`);
        assert.ok(isDoor, `${file} reaches past ${imported}'s doors: @xylem/${imported}${deep}`);
        const fine: boolean = mayImport.includes(imported) || (imported === 'testkit' && isTest(file));
        assert.ok(
          fine,
          `${file} imports @xylem/${imported}; ${name} may import: ${mayImport.join(', ') || 'none'}`,
        );
      }
      for (const [, , specifier = ''] of source.matchAll(relativeSpecifier)) {
        const target = normalize(join(dirname(file), specifier));
        assert.ok(target.startsWith(`${folder}/`), `${file} reaches out of its package: ${specifier}`);
        assert.ok(isTest(file) || !isTest(target), `${file} imports a test: ${specifier}`);
      }
    }
  });

  test(`${name} declares the same packages to npm and to tsc, and none that it may not`, () => {
    const ships = xylemDependencies(manifest.dependencies);
    const tests = xylemDependencies(manifest.devDependencies);
    assert.equal(manifest.name, `@xylem/${name}`);
    assert.deepEqual(
      references.toSorted(),
      [...ships, ...tests].sort(),
      `${folder}/tsconfig.json's references and package.json's dependencies`,
    );
    const extra = [
      ...ships.filter((dependency) => !allowed[name]?.includes(dependency)),
      ...tests.filter((dependency) => dependency !== 'testkit'),
    ];
    assert.deepEqual(extra, [], `${folder}/package.json depends on what ${name} may not import`);
  });
}

test('tsc -b reaches every package', () => {
  const { references } = readJson<{ references: { path: string }[] }>('tsconfig.json');
  const reached = references
    .map((reference) => reference.path)
    .filter((path) => path.startsWith('packages/'));
  assert.deepEqual(
    reached.toSorted(),
    all.map(({ folder }) => folder),
  );
});

/** The files from the entry to the first that imports a forbidden module, or undefined. */
function wayToForbidden(
  metafile: Metafile,
  entry: string,
  forbidden: readonly string[],
): string[] | undefined {
  const ways: string[][] = [[entry]];
  const seen = new Set([entry]);
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const imported of metafile.inputs[way.at(-1) ?? '']?.imports ?? []) {
      const isForbidden = forbidden.some(
        (name) => imported.path === name || imported.path.startsWith(`${name}/`),
      );
      if (imported.external && isForbidden) return [...way, imported.path];
      if (imported.external || seen.has(imported.path)) continue;
      seen.add(imported.path);
      ways.push([...way, imported.path]);
    }
  }
  return undefined;
}

async function graphFrom(entry: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: checkout,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'silent',
    plugins: [
      {
        name: 'only-our-own',
        setup({ onResolve }) {
          onResolve({ filter: /^[^.]/ }, ({ path, kind }) =>
            kind === 'entry-point' || path.startsWith('@xylem/') ? undefined : { path, external: true },
          );
        },
      },
    ],
  });
  return metafile;
}

for (const { name } of all.filter((one) => !['root', 'cli', 'testkit'].includes(one.name))) {
  const entry = `packages/${name}/src/index.ts`;
  test(`${name} never loads a database or the API's framework`, async () => {
    const way = wayToForbidden(await graphFrom(entry), entry, forbiddenOnHosts);
    assert.equal(way?.join(' -> '), undefined);
  });
}

test('a forbidden module is seen through other files', () => {
  const input = (path: string, external = false) => ({
    bytes: 0,
    imports: [
      external
        ? { path, kind: 'import-statement' as const, external }
        : { path, kind: 'import-statement' as const },
    ],
  });
  const metafile = { inputs: { a: input('b'), b: input('pg/lib', true) }, outputs: {} };
  assert.deepEqual(wayToForbidden(metafile, 'a', ['pg']), ['a', 'b', 'pg/lib']);
  assert.equal(wayToForbidden(metafile, 'a', ['pgx']), undefined);
});
