/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../hashing.ts';
import { parseManifestYaml } from '../../yaml/index.ts';
import { parsePackage } from './document.ts';
import { belowData, claimedPaths, pathsClash, renderedPath } from './files.ts';

const document = (files: unknown, more: object = {}): unknown => ({
  format: 'xylem-package-2',
  needs: ['files'],
  product: 'shop',
  component: 'web',
  version: '1.0.0',
  kind: 'files',
  variants: [{ tree: sha256('tree'), sizeBytes: 1 }],
  files,
  ...more,
});
const installs = (...install: object[]): unknown => document({ install });

test('a block that older readers would pass over is refused by them, and is never written without saying so', () => {
  const files = { install: [{ from: 'a', to: '/a' }] };
  const { needs: _needs, ...silent } = document(files, { format: 'xylem-package-1' }) as { needs: string[] };
  assert.throws(() => parsePackage(silent), {
    code: 'E_PACKAGE_INVALID',
    message: /needs.*"files"/,
  });
  const manifest = 'product: shop\ncomponent: web\nversion: 1.0.0\n';
  assert.equal(parseManifestYaml(manifest, 'xylem.yaml').package.format, 'xylem-package-1');
  const block = 'files:\n  install:\n    - { from: a, to: /a }\n  reload: { command: [b], timeout: 2s }\n';
  const { format, needs, files: read } = parseManifestYaml(manifest + block, 'xylem.yaml').package;
  assert.deepEqual([format, needs], ['xylem-package-2', ['files']]);
  assert.deepEqual(read, { ...files, reload: { command: ['b'], timeoutMs: 2_000 } });
});

test('what is wrong with a block is said by its place', () => {
  const wrong: [unknown, RegExp][] = [
    [installs(), /install/],
    [document({ install: [{ from: 'a', to: '/a' }] }, { kind: 'container' }), /files/],
    [installs({ from: '../a', to: '/a' }), /from/],
    [installs({ from: '/a', to: '/a' }), /from/],
    [installs({ from: 'a', to: 'etc/a' }), /to.*absolute/],
    [installs({ from: 'a', to: '/etc/../a' }), /to/],
    [installs({ from: 'a', to: '/etc//a' }), /to/],
    [installs({ from: 'a', to: '/etc/a/' }), /to/],
    [installs({ from: 'a', to: '/etc/${config.name}' }), /to.*without other placeholders/],
    [installs({ from: 'a', to: '${data}' }), /to/],
    [installs({ from: 'a', to: '${tree}/a' }), /to/],
    [installs({ from: 'a', to: '/a', mode: '4755' }), /mode/],
    [installs({ from: 'a', to: '/a', mode: 644 }), /mode/],
    [installs({ from: 'a', to: '/a' }, { from: 'b', to: '/a' }), /install\[1\]\.to/],
    [installs({ from: 'a', to: '/a/b' }, { from: 'b', to: '/a' }, { from: 'c', to: '/a-c' }), /to/],
    [installs({ from: 'a', to: '/a' }, { from: 'a.tmpl', to: '/b', template: true }), /from/],
    [document({ install: [{ from: 'a', to: '/a' }], validate: { command: ['${config.x}'] } }), /config\.x/],
    [
      document({ install: [{ from: 'a', to: '/a' }], reload: { command: ['x', '${rendered}/a'] } }),
      /rendered.*nowhere else/,
    ],
  ];
  for (const [value, message] of wrong) {
    assert.throws(() => parsePackage(value), { code: 'E_PACKAGE_INVALID', message });
  }
});

test('a path that is accepted stays where it says: whatever text is tried', () => {
  const piece = fc.constantFrom(
    '..',
    '.',
    '',
    '/',
    'a',
    '${data}',
    '${data}/',
    '${config.a}',
    '\n',
    'etc',
    '//',
    '~',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.array(piece, { maxLength: 6 }), (to, from) => {
      const file = { from: from.join(''), to: to.join(''), template: true };
      let parsed: ReturnType<typeof parsePackage>;
      try {
        parsed = parsePackage(installs(file));
      } catch {
        return;
      }
      const own = belowData(file.to);
      const placed = own === null ? file.to : `/state/data/${own}`;
      assert.equal(posix.normalize(placed), placed);
      assert.ok(own === null || placed.startsWith('/state/data/'));
      const rendered = posix.join('/rendered', renderedPath(file));
      assert.ok(rendered.startsWith('/rendered/') && rendered.length > '/rendered/'.length);
      assert.deepEqual(claimedPaths(parsed), own === null ? [file.to] : []);
    }),
  );
});

test('two paths clash where one file system could not hold both', () => {
  assert.ok(pathsClash('/a', '/a') && pathsClash('/a', '/a/b') && pathsClash('/a/b', '/a'));
  assert.ok(!pathsClash('/a', '/ab') && !pathsClash('/a/b', '/a/c'));
});
