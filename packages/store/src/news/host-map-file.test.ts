import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildHostMap,
  type Digest,
  type DomainId,
  type EnvironmentId,
  type HostId,
  type HostMapEntry,
  sha256,
} from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { tempFolder } from '@xylem/testkit';
import { openRepository } from '../repository/disk-repository.ts';
import { repositorySource } from '../source/repository-source.ts';
import { HostMapFiles, readHostMapFile } from './host-map-file.ts';

const environment = 'e'.repeat(32) as EnvironmentId;
const domain = environment as string as DomainId;
const mapOf = (label: (n: number) => string) =>
  buildHostMap(
    new Map(
      Array.from({ length: 100 }, (_, n): [HostId, HostMapEntry] => [
        sha256(`${n}`).slice(0, 32) as HostId,
        { labels: { label: label(n) } },
      ]),
    ),
  );
const one = mapOf(() => 'a');
const two = mapOf((n) => (n === 3 ? 'b' : 'a'));

test('a file holds the nodes that its reader lacks, is made once, and goes when another map is shown', async (t) => {
  const repository = await openRepository(await tempFolder(t));
  const files = new HostMapFiles(repository);
  const source = repositorySource(repository);
  const read = async (from: Digest | null, to: Digest) =>
    await readHostMapFile(source, { environment, from, to }, { clock: systemClock });
  await repository.putObjects(domain, one.nodes);
  const whole = { environment, from: null, to: one.root };
  await Promise.all([files.make(whole, [one.root]), files.make(whole, [one.root])]);
  const nodes = await read(null, one.root);
  assert.deepEqual([...(nodes?.keys() ?? [])].sort(), [...one.nodes.keys()].sort());
  for (const [digest, bytes] of nodes ?? [])
    assert.deepEqual(bytes, Buffer.from(one.nodes.get(digest) ?? []));

  await repository.putObjects(domain, two.nodes);
  await files.make({ environment, from: one.root, to: two.root }, [two.root, one.root]);
  const changed = await read(one.root, two.root);
  assert.deepEqual(
    [...(changed?.keys() ?? [])].sort(),
    [...two.nodes.keys()].filter((digest) => !one.nodes.has(digest)).sort(),
  );
  assert.equal(await read(null, one.root), null);
});

test('no file is made from or to a map that is not shown, nor from nodes that are not all there', async (t) => {
  const repository = await openRepository(await tempFolder(t));
  const files = new HostMapFiles(repository);
  await repository.putObjects(domain, one.nodes);
  await files.make({ environment, from: null, to: one.root }, []);
  await files.make({ environment, from: two.root, to: one.root }, [one.root]);
  await files.make({ environment, from: one.root, to: one.root }, [one.root]);
  await repository.removeObject(domain, [...one.nodes.keys()][0] as Digest);
  await files.make({ environment, from: null, to: one.root }, [one.root]);
  assert.deepEqual(await repository.listFiles(`news/${environment}`), []);
});
