/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config, PackageDocument } from '@xylem/core';
import { stateLayout } from '../../state/layout.ts';
import { testPackage } from '../../testing/packages.ts';
import { runArguments } from './run-arguments.ts';
import { containerSpec, openedFiles } from './spec.ts';

const places = { layout: stateLayout('/state'), node: '/node' };
const sealed = (version: string) => ({
  $sealed: { generation: 1, version: version.repeat(32), holder: 'anna', age: 'YWdl' },
});
const placed = (container: PackageDocument['container'], config: Config = {}) =>
  testPackage({ component: 'db', version: '1.0.0', kind: 'container', container, config });
const at = {
  root: '/state',
  data: '/state/data',
  log: '/state/logs/db.log',
  secrets: '/run/xylem/db',
  newVolumes: new Set(['new']),
  image: 'abc',
};
const argumentsOf = (container: PackageDocument['container'], config?: Config): string[] =>
  runArguments(containerSpec(placed(container, config), places), at);

test('the command line of podman', () => {
  const args = argumentsOf(
    {
      entrypoint: ['/usr/bin/db'],
      command: ['serve', '--name=${config.name}'],
      environment: { NAME: '${config.name}' },
      secretFiles: { password: '${config.password}' },
      ports: [
        { container: 5432, host: '${config.port}', address: '127.0.0.1' },
        { container: 53, host: 53, protocol: 'udp', address: '::1' },
      ],
      volumes: [
        { data: 'new', at: '/new' },
        { data: 'old', at: '/old', readOnly: true },
      ],
      user: '999:999',
      readOnly: true,
      capabilities: ['CHOWN'],
      limits: { memoryBytes: 67_108_864, cpuPercent: 150, processes: 20 },
      stopTimeoutMs: 1_500,
    },
    { name: '--privileged $(reboot)', port: 5433, password: 'secret' },
  );
  const marks = args.filter((argument) => argument.startsWith('--label='));
  assert.deepEqual(
    marks.map((mark) => mark.slice('--label='.length).split('=')[0]),
    ['xylem.state', 'xylem.component', 'xylem.tree', 'xylem.fingerprint', 'xylem.sealed'],
  );
  assert.deepEqual(
    args.filter((argument) => !marks.includes(argument)),
    [
      'run',
      '--detach',
      '--pull=never',
      '--name=xylem-db',
      '--restart=on-failure:5',
      '--log-driver=k8s-file',
      '--log-opt=path=/state/logs/db.log',
      '--log-opt=max-size=8388608',
      '--stop-timeout=2',
      '--http-proxy=false',
      '--security-opt=no-new-privileges',
      '--network=bridge',
      '--publish=127.0.0.1:5433:5432/tcp',
      '--publish=[::1]:53:53/udp',
      '--user=999:999',
      '--read-only',
      '--cap-drop=all',
      '--cap-add=CHOWN',
      '--memory=67108864b',
      '--cpus=1.5',
      '--pids-limit=20',
      '--volume=/state/data/new:/new:rw,Z,U',
      '--volume=/state/data/old:/old:ro,Z',
      '--volume=/run/xylem/db/password:/run/secrets/password:ro,Z',
      '--env=NAME=--privileged $(reboot)',
      '--entrypoint=["/usr/bin/db"]',
      'abc',
      'serve',
      '--name=--privileged $(reboot)',
    ],
  );
  assert.ok(!args.join(' ').includes('secret\n') && !args.some((argument) => argument.endsWith('=secret')));
});

test('what direction says stays behind the image, where podman reads no options', () => {
  const args = argumentsOf(
    { entrypoint: ['/bin/db'], command: ['x', '${config.a}'] },
    { a: '--volume=/:/host' },
  );
  assert.deepEqual(args.slice(args.indexOf('abc')), ['abc', 'x', '--volume=/:/host']);
});

test('a sealed value stands in a secret file, and nowhere else', () => {
  const container = { secretFiles: { password: 'pw=${config.password}' } };
  const [one, same, other] = ['a', 'a', 'b'].map((version) =>
    containerSpec(placed(container, { password: sealed(version) }), places),
  );
  assert.equal(one?.fingerprint, same?.fingerprint);
  assert.notEqual(one?.fingerprint, other?.fingerprint, 'another value is another container');
  assert.equal(one?.hasSealed, true);
  const target = placed(container, { password: sealed('a') });
  const files = openedFiles(target, places, new Map([['password', 'opened']]));
  assert.deepEqual(files, { password: 'pw=opened' });
  assert.throws(() => openedFiles(target, places, new Map()), { code: 'E_SECRET_INVALID' });
  const elsewhere = [
    { environment: { P: '${config.password}' } },
    { entrypoint: ['/bin/db'], command: ['x', '${config.password}'] },
  ];
  for (const one of elsewhere) {
    assert.throws(() => containerSpec(placed(one, { password: sealed('a') }), places), {
      code: 'E_PLACEHOLDER',
    });
  }
});
