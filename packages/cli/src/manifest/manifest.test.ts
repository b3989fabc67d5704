import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { parseManifestYaml } from '@xylem/core/yaml';
import { runHere } from '../testing/run-here.ts';
import { asName, detect, splitWords } from './detect.ts';
import { firstManifest } from './first.ts';
import { readManifest, sourceFolder } from './manifest.ts';

const node = ['$', '{node}'].join('');
const port = ['$', '{config.port}'].join('');

describe('xylem package init', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'xylem-manifest-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);

  const cases: readonly (readonly [string, Readonly<Record<string, string>>, object])[] = [
    ['a folder', { 'a.txt': 'a' }, { version: '0.1.0', kind: 'files' }],
    [
      'a package.json with a start script',
      {
        'package.json':
          '{"name":"@acme/Shop API","version":"2.4.0","scripts":{"start":"node server.js --port 80"}}',
      },
      {
        component: 'shop-api',
        version: '2.4.0',
        kind: 'service',
        command: [node, 'server.js', '--port', '80'],
      },
    ],
    [
      'a package.json whose start script needs a shell',
      {
        'package.json':
          '{"name":"shop","main":"lib/main.js","scripts":{"start":"NODE_ENV=x node a.js && b"}}',
      },
      { component: 'shop', version: '0.1.0', kind: 'service', command: [node, 'lib/main.js'] },
    ],
    [
      'a package.json without anything to start',
      { 'package.json': '{"name":"lib","version":"1.0.0-rc.1+build.5"}' },
      { component: 'lib', version: '1.0.0-rc.1', kind: 'files' },
    ],
    [
      'a systemd unit',
      {
        'shop.service':
          "[Service]\nEnvironment=A=1 \"B=two words\"\nExecStart=-/opt/shop/run \\\n  --say 'it''s'\n",
        'package.json': '{}',
      },
      {
        component: 'shop',
        kind: 'service',
        command: ['/opt/shop/run', '--say', 'it', 's'],
        environment: { A: '1', B: 'two words' },
      },
    ],
    [
      'an image layout',
      { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}', 'index.json': '{"manifests":[]}' },
      { kind: 'container', container: { stopTimeoutMs: 10_000 } },
    ],
    [
      'a Compose file',
      {
        'compose.yml':
          'services:\n  web:\n    command: [node, "a b.js"]\n    environment: { X: 1 }\n    ports: ["80:3000"]\n',
      },
      {
        component: 'web',
        kind: 'service',
        command: [node, 'a b.js'],
        environment: { X: '1' },
        ports: [port],
        configDefaults: { port: 3000 },
      },
    ],
  ];
  for (const [what, files, expected] of cases) {
    it(`writes a manifest that can be published from ${what}`, async () => {
      for (const [name, text] of Object.entries(files)) put(name, text);
      const findings = await detect(folder);
      const { package: made } = parseManifestYaml(firstManifest(findings, findings.component), 'xylem.yaml');
      const found: Readonly<Record<string, unknown>> = { ...made, ...made.service };
      const picked = Object.fromEntries(Object.keys(expected).map((key) => [key, found[key]]));
      assert.deepEqual(picked, expected);
    });
  }

  it('keeps a manifest that is there', async () => {
    put('xylem.yaml', 'mine');
    const refused = await runHere(['package', 'init', folder]);
    assert.match(refused.stderr, /E_CONFLICT.*xylem\.yaml is there already/);
    assert.equal(refused.code, 5);
    assert.equal((await runHere(['package', 'init', folder, '--force'])).code, 0);
  });

  it('says where a manifest is wrong, and what would be right', async () => {
    put(
      'xylem.yaml',
      'product: shop\ncomponent: api\nversion: 1.0.0\nkind: service\nservcie:\n  command: [x]\n',
    );
    // Known by the environment alone: whether somebody is logged in on this machine says nothing here.
    const env = { XYLEM_URL: 'http://127.0.0.1:9', XYLEM_TOKEN: 'x' };
    const { code, stderr } = await runHere(['package', 'publish', folder], env);
    assert.match(stderr, /E_INPUT: .*xylem\.yaml:5:1: .*servcie.*did you mean "service"/);
    assert.equal(code, 2);
  });
});

describe('the folder that becomes a tree', () => {
  it('stays below the manifest, also by links', async (t) => {
    const at = mkdtempSync(join(tmpdir(), 'xylem-source-'));
    t.after(() => rmSync(at, { recursive: true }));
    const package_ = join(at, 'package');
    mkdirSync(join(package_, 'dist'), { recursive: true });
    symlinkSync('dist', join(package_, 'inside'));
    symlinkSync('..', join(package_, 'outside'));
    for (const good of ['.', 'dist', 'inside']) {
      assert.equal(await sourceFolder(package_, good), join(package_, good));
    }
    await assert.rejects(sourceFolder(package_, 'outside'), {
      code: 'E_INPUT',
      message: /xylem\.yaml: folder: .*leaves/,
    });
    await assert.rejects(sourceFolder(package_, 'absent'), {
      code: 'E_INPUT',
      message: /folder: expected a folder/,
    });
    await assert.rejects(readManifest(join(at, 'absent')), { code: 'E_INPUT', message: /is no folder/ });
  });
});

describe('what folders tell', () => {
  it('makes names of any text', () => {
    assert.deepEqual(['@acme/Shop API', '--Üß--', 'a'.repeat(80), 'x_y.z'].map(asName), [
      'shop-api',
      'app',
      'a'.repeat(63),
      'x-y-z',
    ]);
  });
  it('splits words as a unit file does, expanding nothing', () => {
    assert.deepEqual(splitWords(`a "b \\" c" 'd $e' f\\ g`), ['a', 'b " c', 'd $e', 'f\\', 'g']);
  });
});
