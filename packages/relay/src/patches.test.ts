import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Digest, type HostId, type HostMapEntry, sha256 } from '@xylem/core';
import { patchListPath, putPatchList } from '@xylem/store';
import { waitUntil } from '@xylem/testkit';
import { buildSmallTree, type JoinedHost, smallFiles } from '@xylem/testkit/builders';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

/** Two relays, one below the other, that serve a version, and a host below both. */
async function twoRelays(t: TestContext) {
  const { installation, vendor, production, root, deploy } = await world(t);
  const { repository } = installation;
  const { domain } = vendor;
  const first = await deploy('1.0.0');
  const above = await installation.join(production, { parents: [root.url], serves: [production.id] });
  const upper = await startRelay(t, above);
  const below = await installation.join(production, { parents: [upper.url], serves: [production.id] });
  const lower = await startRelay(t, below);
  const reaches = ({ snapshot }: { readonly snapshot: number }): Promise<true> =>
    waitUntil(() => snapshotAt(lower, production.id) === snapshot);
  await reaches(first);
  const host = clientOf(t, await installation.join(production, { parents: [lower.url] }));
  const child = clientOf(t, below);
  return {
    first,
    above,
    below,
    reaches,
    deploy,
    repository,
    path: (object: Digest) => `o/${domain}/${object}`,
    listPath: (to: Digest) => patchListPath(domain, to),
    /** The same content gives the same tree, so what leads to it can be there before it is. */
    treeOf: async (version: string): Promise<Digest> => {
      const folder = await buildSmallTree(join(installation.folder, `draft-${version}`), smallFiles(version));
      return (await vendor.publishPackage('draft', version, folder)).tree;
    },
    /** Relays read no patch, so any bytes will do. */
    put: async (to: Digest, patches: Readonly<Record<Digest, string>>): Promise<void> => {
      const listed = Object.entries(patches).map(
        ([from, text]) => [from as Digest, sha256(text), text.length, 10, 20] as const,
      );
      for (const text of Object.values(patches))
        await repository.putObject(domain, sha256(text), Buffer.from(text));
      await putPatchList(repository, domain, to, listed);
    },
    given: async (path: string): Promise<string | number> => {
      const { status, body } = await host.get(`${lower.url}/${path}`);
      return status === 200 ? body.toString() : status;
    },
    has: async ({ stateFolder }: JoinedHost, text: string): Promise<boolean> => {
      const objects = join(stateFolder, 'relay', 'repository', 'o', domain);
      return (await readdir(objects)).includes(sha256(text));
    },
    /** Offers and lists that were asked of the upper relay. */
    offersAsked: async (): Promise<number> => {
      const { body } = await child.get(`${upper.url}/metrics`);
      const counts = body.toString().matchAll(/^xylem_requests_total\{class="offer".*\} (\d+)$/gm);
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
    },
    /** How often the parent of both was asked for it. */
    asked: (end: string): number => root.requests.filter((request) => request.endsWith(end)).length,
  };
}

test('patches from what is served travel ahead of their state, others when a child asks, each once a link', async (t) => {
  const { first, above, below, reaches, deploy, path, listPath, treeOf, put, given, has, asked } =
    await twoRelays(t);
  const to = await treeOf('2.0.0');
  await put(to, { [first.tree]: 'usual', [sha256('a tree of elsewhere')]: 'unusual' });
  await reaches(await deploy('2.0.0'));
  for (const relay of [above, below]) {
    assert.equal(await has(relay, 'usual'), true);
    assert.equal(await has(relay, 'unusual'), false);
  }
  assert.match(String(await given(listPath(to))), new RegExp(`${sha256('usual')}.*${sha256('unusual')}`));
  assert.equal(await given(path(sha256('usual'))), 'usual');
  assert.equal(await given(path(sha256('unusual'))), 'unusual');
  assert.equal(await given(path(sha256('unusual'))), 'unusual');
  assert.equal(await given(path(sha256('what no list names'))), 404);
  assert.equal(asked(listPath(to)), 1);
  for (const text of ['usual', 'unusual']) assert.equal(asked(path(sha256(text))), 1);

  await reaches(await deploy('3.0.0'));
  await reaches(await deploy('4.0.0'));
  await waitUntil(async () => !(await has(below, 'usual')) && !(await has(below, 'unusual')));
  assert.equal(await given(listPath(to)), 404);
});

test('a relay has the lists that the news of its parent brings, and no others', async (t) => {
  const { first, above, reaches, deploy, listPath, treeOf, put, given, offersAsked } = await twoRelays(t);
  const to = await treeOf('2.0.0');
  await put(to, { [first.tree]: 'usual' });
  const before = await offersAsked();
  await reaches(await deploy('2.0.0'));
  assert.equal((await offersAsked()) - before, 1, 'the offer of the new tree, and no list');
  assert.notEqual(await given(listPath(to)), 404);
  await rm(join(above.stateFolder, 'relay', 'repository', listPath(to)));
  const hosts = new Map([[sha256('host').slice(0, 32) as HostId, { labels: {} } satisfies HostMapEntry]]);
  await reaches(await deploy('2.0.0', undefined, undefined, hosts));
  assert.equal(await given(listPath(to)), 404);
});

test('a wrong list, and patches that are gone or of another length, keep no state back', async (t) => {
  const { first, below, reaches, deploy, repository, path, listPath, treeOf, put, given, has, asked } =
    await twoRelays(t);
  const gone = await treeOf('2.0.0');
  await put(gone, { [first.tree]: 'gone' });
  await rm(repository.filePath(path(sha256('gone'))));
  const next = await deploy('2.0.0');
  await reaches(next);
  for (let times = 0; times < 60; times += 1) assert.equal(await given(path(sha256('gone'))), 404);
  const often = asked(path(sha256('gone')));
  assert.ok(often <= 12, `${often} for 60 that asked`);
  const longer = await treeOf('3.0.0');
  await put(longer, { [next.tree]: 'longer' });
  const list = await readFile(repository.filePath(listPath(longer)), 'utf8');
  await repository.putFile(listPath(longer), list.replace(',6,', ',3,'));
  const third = await deploy('3.0.0');
  await reaches(third);
  assert.equal(await has(below, 'longer'), false);
  const wrong = await treeOf('4.0.0');
  await repository.putFile(listPath(wrong), 'no list');
  await reaches(await deploy('4.0.0'));
  assert.equal(await given(listPath(wrong)), 404);
});
