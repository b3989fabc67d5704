/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { XylemError } from '../errors.ts';
import { limits } from '../limits.ts';
import {
  durationMs,
  packageDocumentOf,
  parseEnvironmentYaml,
  parseLabelsYaml,
  parseManifestYaml,
} from './index.ts';

const environment = `environment: production
products:
  shop:
    channel: stable
    components:
      shop-api:
        where: "role = web"
        config: { port: 8080 }
        after: [shop-db]
      shop-db: {}
  blog: {}
policy:
  reportEverySeconds: 60
`;

/** The message of the refusal of a text. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.equal((error as XylemError).code, 'E_INPUT', String(error));
    return (error as XylemError).message;
  }
  return assert.fail('it was not refused');
}

test('an environment is read with everything optional filled in', () => {
  assert.deepEqual(parseEnvironmentYaml(environment, 'env.yaml'), {
    name: 'default/production',
    products: {
      shop: {
        channel: 'stable',
        components: {
          'shop-api': { where: 'role = web', config: { port: 8080 }, after: ['shop-db'] },
          'shop-db': { where: 'all', config: {}, after: [] },
        },
      },
      blog: {},
    },
    policy: { reportEverySeconds: 60, keepPrevious: 1, maxUnavailable: '10%' },
  });
  assert.equal(parseEnvironmentYaml('environment: acme/staging', 'x').name, 'acme/staging');
});

test('what is wrong in an environment is said with file, line, column, key and what would be right', () => {
  for (const [from, to, message] of [
    [
      'channel: stable',
      'chanel: stable',
      'env.yaml:4:5: products.shop.chanel is not a known key: did you mean "channel"?',
    ],
    [
      'channel: stable',
      'channel: Stable',
      /^env\.yaml:4:14: products\.shop\.channel: expected a name .* found "Stable"\.$/,
    ],
    [
      'channel: stable',
      'channel: stable\n    release: 1.0.0',
      /^env\.yaml:5:14: products\.shop\.release: expected either channel or release, found both/,
    ],
    [
      '"role = web"',
      '"role == web"',
      /^env\.yaml:7:16: products\.shop\.components\.shop-api\.where: not a selector: column 7: expected a value/,
    ],
    [
      'reportEverySeconds: 60',
      'reportEverySeconds: 1m',
      /^env\.yaml:13:23: policy\.reportEverySeconds: expected seconds from 10 to 604800, found "1m"\.$/,
    ],
    [
      '{ port: 8080 }',
      '[8080]',
      /^env\.yaml:8:17: .*config: expected a map of keys to values, found a list of 1\.$/,
    ],
    ['environment: production\n', '', /^env\.yaml:1:1: environment is missing: expected an environment name/],
    [
      'environment: production',
      'environment: a/b/c',
      /env\.yaml:1:14: environment: expected an environment name/,
    ],
    ['  blog: {}', '  Blog: {}', /env\.yaml:11:9: products\.Blog: expected a key that is a name/],
  ] as const) {
    const said = refusal(() => parseEnvironmentYaml(environment.replace(from, to), 'env.yaml'));
    if (typeof message === 'string') assert.equal(said, message);
    else assert.match(said, message);
  }
});

test('several mistakes are said at once', () => {
  assert.throws(
    () => parseEnvironmentYaml('enviroment: x\npolicy: { keepPrevious: -1 }\n', 'e.yaml'),
    (error: XylemError) => {
      const { problems } = error.details as { problems: { key: string; line: number; column: number }[] };
      assert.deepEqual(
        problems.map(({ key, line, column }) => `${key} ${line}:${column}`),
        ['environment 1:1', 'enviroment 1:1', 'policy.keepPrevious 2:25'],
      );
      return error.message.endsWith('(and 2 more)');
    },
  );
});

test('YAML that surprises is refused', () => {
  for (const [text, message] of [
    ['environment: &a x', /f:1:17: expected no anchor/],
    ['a: 1\n---\nb: 2', /one document/],
    ['environment: x\nenvironment: y', /f:2:1: this is not valid YAML: Map keys must be unique/],
    ['environment: [', /not valid YAML/],
    ['environment: !!js/function x', /f:1:\d+: this is not valid YAML|no tag/],
    ['? [a]\n: b', /a plain key/],
    ['"\u0000"', /not valid YAML|expected/],
    ['', /environment is missing/],
    ['just text', /expected a map of keys to values, found "just text"/],
  ] as const) {
    assert.match(
      refusal(() => parseEnvironmentYaml(text, 'f')),
      message,
      text,
    );
  }
  assert.match(
    refusal(() => parseEnvironmentYaml(`a: ${'['.repeat(20_000)}`, 'f')),
    /f/,
  );
  assert.throws(() => parseEnvironmentYaml('#'.repeat(limits.yaml + 1), 'f'), { code: 'E_TOO_LARGE' });
});

test('no text is answered with anything but a value or a coded error', () => {
  const pieces = fc.constantFrom(
    'environment: x\n',
    'products:\n',
    '  shop:\n',
    ' - ',
    '{',
    '}',
    '[',
    ': ',
    '&a',
    '*a',
    '"',
    '|\n',
    '#',
    '\t',
    '!!map ',
    '<<: ',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 5 })), { maxLength: 15 }), (parts) => {
      try {
        parseEnvironmentYaml(parts.join(''), 'f');
      } catch (error) {
        assert.equal((error as XylemError).code, 'E_INPUT', String(error));
      }
    }),
    { numRuns: 1000 },
  );
});

const manifest = `product: shop
component: shop-api
version: 2.4.0
folder: dist
exclude: ["**/*.map"]
service:
  command: ["\${node}", "main.js", "--port=\${config.port}"]
  environment: { PORT: 8080, MODE: fast }
  stopTimeout: 5s
health:
  http: { port: "\${config.port}", path: /health }
  interval: 500ms
ports: ["\${config.port}"]
configSchema: { type: object, properties: { port: { type: integer } } }
configDefaults: { port: 8080 }
requires: { shop-db: ^2.0.0 }
`;

test('a manifest becomes a package document', () => {
  const { sources, exclude, package: document } = parseManifestYaml(manifest, 'xylem.yaml');
  assert.deepEqual(sources, [{ folder: 'dist' }]);
  assert.deepEqual(exclude, ['**/*.map']);
  assert.equal(document.kind, 'service');
  assert.deepEqual(document.service, {
    command: ['${node}', 'main.js', '--port=${config.port}'],
    environment: { PORT: '8080', MODE: 'fast' },
    stopTimeoutMs: 5000,
  });
  assert.deepEqual(document.health, { http: { port: '${config.port}', path: '/health' }, intervalMs: 500 });
  const variants = [{ tree: 'a'.repeat(64), sizeBytes: 3 }] as unknown as Parameters<
    typeof packageDocumentOf
  >[1];
  assert.deepEqual(packageDocumentOf(parseManifestYaml(manifest, 'xylem.yaml'), variants).variants, variants);
  assert.equal(parseManifestYaml('{product: a, component: b, version: 1.0.0}', 'x').package.kind, 'files');
});

test('how a service runs is said in the manifest, and a reader that does not know of it refuses the document', () => {
  const terms = `  stopTimeout: 5s
  type: notify
  stopSignal: SIGINT
  restart: { policy: on-failure, delay: 2s, maxDelay: 30s }
  limits: { memory: 256MiB, cpuPercent: 150, processes: 64, openFiles: 4096 }
  user: shop
  group: www-data
  after: [shop-db]
  hardening: { writable: [/var/log/shop] }`;
  const { package: document } = parseManifestYaml(manifest.replace('  stopTimeout: 5s', terms), 'xylem.yaml');
  assert.deepEqual([document.format, document.needs], ['xylem-package-2', ['service-terms']]);
  const { command: _command, environment: _environment, ...rest } = document.service ?? { command: [] };
  assert.deepEqual(rest, {
    stopTimeoutMs: 5000,
    type: 'notify',
    stopSignal: 'SIGINT',
    restart: { policy: 'on-failure', delayMs: 2000, maxDelayMs: 30_000 },
    limits: { memoryBytes: 2 ** 28, cpuPercent: 150, processes: 64, openFiles: 4096 },
    user: 'shop',
    group: 'www-data',
    after: ['shop-db'],
    hardening: { writable: ['/var/log/shop'] },
  });
  for (const [from, to, message] of [
    ['256MiB', '1MiB', /service\.limits.*at least 4 MiB/],
    ['256MiB', '256MB', /limits\.memory: expected a number of bytes/],
    ['maxDelay: 30s', 'maxDelay: 1s', /service\.restart.*at least delayMs \(2000\)/],
    ['user: shop', 'user: 0', /service\.user: expected the name of a user/],
    ['  user: shop\n', '', /service\.group: expected with a user/],
    ['[shop-db]', '[shop-api]', /service\.after.*other components/],
    ['/var/log/shop', '/var/log/../shop', /service\.hardening/],
    ['SIGINT', 'SIGKILL', /service\.stopSignal/],
  ] as const) {
    const text = manifest.replace('  stopTimeout: 5s', terms).replace(from, to);
    assert.throws(() => parseManifestYaml(text, 'xylem.yaml'), { code: 'E_INPUT', message });
  }
});

test('what is wrong in a manifest is said where it stands', () => {
  for (const [from, to, message] of [
    ['2.4.0', '2.4', /^xylem\.yaml:3:10: version: expected a version like "2\.4\.0".*found 2\.4\.$/],
    ['5s', '5 seconds', /^xylem\.yaml:9:16: service\.stopTimeout: expected a duration.*found "5 seconds"/],
    ['500ms', '0s', /^xylem\.yaml:12:13: health\.interval: expected a duration/],
    ['  command: [', '  comand: [', /service\.command is missing.*\(and 1 more\)$/],
    [
      '--port=${config.port}',
      '--port=${config.prot}',
      /^xylem\.yaml:7:35: service\.command\[2\]: "\$\{config\.prot\}" is in neither/,
    ],
    [
      '--port=${config.port}',
      '--home=${HOME}',
      /^xylem\.yaml:7:35: service\.command\[2\]: .*"\$\{HOME\}" is unknown/,
    ],
    ['  http: {', '  tcp: { port: 1 }\n  http: {', /^xylem\.yaml:11:3: health: expected exactly one/],
    ['^2.0.0', 'newest', /^xylem\.yaml:16:22: requires\.shop-db: expected a version range/],
    ['folder: dist', 'folder: /dist', /folder: expected a folder below the manifest/],
    ['folder: dist', 'folder: ..', /folder: expected a folder below the manifest.*found "\.\."/],
    ['folder: dist', 'folder: dist/../../x', /folder: expected a folder below/],
    ['folder: dist', 'variants: [{ os: linux, folder: a/.. }]', /folder: expected a folder below/],
    ['folder: dist', 'variants: [{ folder: x }]\nos: linux', /os: expected inside each of the variants/],
    [
      'type: integer',
      'typ: integer',
      /^xylem\.yaml:14:\d+: configSchema\.properties\.port\.typ: expected a keyword/,
    ],
  ] as const) {
    assert.match(
      refusal(() => parseManifestYaml(manifest.replace(from, to), 'xylem.yaml')),
      message,
      to,
    );
  }
});

test('durations', () => {
  assert.deepEqual(
    ['500ms', '10s', '2m', '24h', 250].map(durationMs),
    [500, 10_000, 120_000, 86_400_000, 250],
  );
  assert.deepEqual(
    ['0ms', '25h', '1.5s', '', 'ms', '-1s'].map(durationMs),
    Array.from({ length: 6 }, () => undefined),
  );
});

test('labels are strings under label keys', () => {
  assert.deepEqual(parseLabelsYaml('role: web\napp.tier: "1"\n', 'l'), { role: 'web', 'app.tier': '1' });
  assert.match(
    refusal(() => parseLabelsYaml('rack: 12', 'l')),
    /l:1:7: rack: expected a value of at most 255 characters, found 12/,
  );
  assert.match(
    refusal(() => parseLabelsYaml('Role: web', 'l')),
    /label key/,
  );
});

test('hooks and preflight are read, and a hook of a step that the kind has not is refused where it stands', () => {
  const text = `product: shop
component: web
version: 1.0.0
hooks:
  before: { switch: { command: [./check.sh], timeout: 10s, environment: { DEPTH: 2 } } }
preflight: { diskFree: 2GiB, memory: 512MiB, kernel: '>=5.10', commands: [nginx] }
`;
  const { package: made } = parseManifestYaml(text, 'x.yaml');
  assert.equal(made.format, 'xylem-package-2');
  assert.deepEqual(made.needs, ['hooks', 'preflight']);
  assert.deepEqual(made.hooks, {
    before: { switch: { command: ['./check.sh'], timeoutMs: 10_000, environment: { DEPTH: '2' } } },
  });
  assert.deepEqual(made.preflight, {
    diskFreeBytes: 2 ** 31,
    memoryBytes: 2 ** 29,
    kernel: '>=5.10',
    commands: ['nginx'],
  });
  for (const [from, to, message] of [
    [
      'switch',
      'stop',
      /x\.yaml:5:\d+: hooks\.before\.stop: expected a step of the kind "files" that can have a hook before/,
    ],
    ['before: { switch', 'after: { commit', /hooks\.after\.commit: expected a step/],
    ['./check.sh', "'${config.program}'", /hooks\.before\.switch\.command\[0\]/],
    ['>=5.10', '5.10', /preflight\.kernel: expected a kernel like ">=5\.10"/],
    ['[nginx]', '[/usr/sbin/nginx]', /preflight\.commands\[0\]: expected the name of a program/],
  ] as const) {
    assert.throws(() => parseManifestYaml(text.replace(from, to), 'x.yaml'), message);
  }
});

for (const kind of ['deb', 'rpm'] as const) {
  test(`a manifest of the kind ${kind} says what must be installed and what is started again`, () => {
    const text = `product: shop
component: base
version: 1.0.0
${kind}: { install: [shop-agentd], restart: reboot }
variants:
  - { folder: one, os: linux, arch: x64, distribution: some, distributionVersion: '9.4' }
`;
    const manifest = parseManifestYaml(text, 'x.yaml');
    assert.equal(manifest.package.kind, kind);
    assert.deepEqual(manifest.package.needs, kind === 'rpm' ? ['rpm'] : undefined);
    assert.deepEqual(manifest.package[kind], { restart: 'reboot' });
    assert.deepEqual(manifest.install, ['shop-agentd']);
    assert.equal(manifest.sources[0]?.distributionVersion, '9.4');
    for (const [from, to, message] of [
      ['shop-agentd', '--force', /x\.yaml:4:\d+: .*the name of an? (Debian|rpm) package/],
      [`${kind}:`, `kind: files\n${kind}:`, new RegExp(`for the kind "${kind}" and for no other`)],
    ] as const) {
      assert.throws(() => parseManifestYaml(text.replace(from, to), 'x.yaml'), { code: 'E_INPUT', message });
    }
  });
}

test('a lock is a file or a command, and an environment says for how long', () => {
  const text = 'product: shop\ncomponent: web\nversion: 1.0.0\nlock: { command: [./is-busy], timeout: 5s }\n';
  const { package: made } = parseManifestYaml(text, 'x.yaml');
  assert.deepEqual(made.needs, ['lock']);
  assert.deepEqual(made.lock, { command: ['./is-busy'], timeoutMs: 5_000 });
  assert.throws(
    () => parseManifestYaml(text.replace('timeout: 5s', 'file: busy'), 'x.yaml'),
    /x\.yaml:4:7: lock: expected exactly one of file and command/,
  );
  const spec = parseEnvironmentYaml('environment: acme/p\npolicy: { lockAtMostSeconds: 0 }\n', 'e.yaml');
  assert.equal(spec.policy.lockAtMostSeconds, 0);
});
