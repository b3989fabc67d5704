/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { examples } from '../examples.test-data.ts';
import { parsePackage } from './document.ts';

const example = JSON.parse(new TextDecoder().decode(examples['package-container']?.encoded));
const withBlock = (more: object) => ({ ...example, container: { ...example.container, ...more } });

test('what would lead out of a container is refused', () => {
  const refused: [object, RegExp][] = [
    [{ privileged: true }, /privileged/],
    [{ volumes: [{ data: '../../etc', at: '/x' }] }, /volumes/],
    [{ volumes: [{ data: '/etc', at: '/x' }] }, /volumes/],
    [{ volumes: [{ data: 'db', at: '/x:/etc:rw' }] }, /volumes/],
    [{ volumes: [{ data: 'db', at: '/x/../etc' }] }, /volumes/],
    [
      {
        volumes: [
          { data: 'a', at: '/x' },
          { data: 'b', at: '/x' },
        ],
      },
      /each path in the container once/,
    ],
    [{ volumes: [{ host: '/etc', at: '/x' }] }, /volumes/],
    [{ capabilities: ['SYS_ADMIN'] }, /capabilities/],
    [{ network: 'container:other' }, /network/],
    [{ network: 'host' }, /ports.*only with the network "bridge"/],
    [{ user: '--privileged' }, /user/],
    [{ ports: [{ container: 80, host: 80, address: '0.0.0.0:1' }] }, /ports/],
    [{ secretFiles: { '../x': 'y' } }, /secretFiles/],
    [{ environment: { A: '${data}' } }, /place of the host/],
    [{ entrypoint: ['${config.name}'] }, /program must not come from the configuration/],
    [{ command: ['${config.name}'] }, /program must not come from the configuration/],
    [{ limits: { memoryBytes: 1 } }, /memoryBytes/],
  ];
  assert.ok(parsePackage(example));
  for (const [more, message] of refused) {
    const what = JSON.stringify(more);
    assert.throws(() => parsePackage(withBlock(more)), { code: 'E_PACKAGE_INVALID', message }, what);
  }
});

test('the block stands for its kind alone', () => {
  const { container: _container, ...without } = example;
  assert.throws(() => parsePackage(without), /expected for the kind "container"/);
  assert.throws(() => parsePackage({ ...example, kind: 'files' }), /expected for the kind "container"/);
  assert.throws(
    () => parsePackage({ ...example, health: { command: ['${tree}/ready'] } }),
    /place of the host/,
  );
});
