import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostDetail, Release } from '@xylem/root/contract';
import { startNode, startRoot, waitUntil } from '@xylem/testkit';
import { operatorHere } from '../../testing/operator-here.ts';
import { pages, pagesEnvironment, pagesYaml } from '../../testing/pages.ts';

test('a retired release stays where it runs and in the record, and nobody is sent back to it', {
  timeout: 180_000,
}, async (t) => {
  const here = await operatorHere(t, 'retire');
  const { at, xylem, json } = here;
  const { publish, deploy: brought, shown: page } = pages(here);
  const deploy = async (version: string): Promise<void> => {
    await brought(version);
    assert.equal(page(), version);
  };
  const standing = async (version: string): Promise<Pick<Release, 'retired' | 'withdrawn' | 'inUse'>> => {
    const { retired, withdrawn, inUse } = await json<Release>(`release show shop@${version}`);
    return { retired, withdrawn, inUse };
  };
  const heldFor = async (code: string): Promise<void> => {
    const says = async (): Promise<boolean> =>
      JSON.stringify(await json<HostDetail>('host show web')).includes(code);
    await waitUntil(says, 30_000, `the host's report of ${code}`);
  };

  await startRoot(xylem, at('root'), 'acme');
  await pagesEnvironment(here, pagesYaml('name = web'));
  await startNode(xylem, { name: 'web', environment: 'acme/production', state: at('web') });
  for (const version of ['1.0.0', '1.1.0', '2.0.0', '3.0.0']) await publish(version);
  await deploy('1.0.0');
  await deploy('2.0.0');
  await json('channel set shop/stable 3.0.0');

  // What runs, what is gone back to and what a channel names stays, however few are to be kept.
  const { retired } = await json<{ retired: string[] }>('release retire shop --keep 1');
  assert.deepEqual(retired, ['1.1.0']);
  assert.deepEqual(await standing('1.1.0'), { retired: true, withdrawn: false, inUse: false });
  await assert.rejects(json('release retire shop@3.0.0'), /E_CONFLICT.*shop\/stable/);
  await assert.rejects(json('deploy shop@1.1.0 --to production --yes'), /E_RELEASE_RETIRED/);
  await assert.rejects(json('channel set shop/stable 1.1.0'), /E_RELEASE_RETIRED/);

  // By name it goes all the same, and the way back is closed with the reason, before anything moves.
  const named = await json<{ inUse: string[] }>('release retire shop@1.0.0');
  assert.deepEqual(named.inUse, ['shop@1.0.0']);
  await assert.rejects(
    json('rollback shop --in production --yes'),
    /E_RELEASE_RETIRED.*no way back to shop@1\.0\.0/,
  );
  assert.equal(page(), '2.0.0');

  // A host keeps what it runs, and says why it would not take it; restored, all is well again.
  await json('release retire shop@2.0.0');
  await json('host label web --yes zone=a');
  await heldFor('E_NOT_VOUCHED');
  assert.equal(page(), '2.0.0');
  await json('release restore shop@2.0.0');
  await json('release restore shop@1.0.0');
  assert.deepEqual(await standing('2.0.0'), { retired: false, withdrawn: false, inUse: true });
  await json('rollback shop --in production --yes --watch --timeout 60');
  assert.equal(page(), '1.0.0');

  // Withdrawn, then below the floor.
  await json('release withdraw shop@3.0.0');
  await assert.rejects(json('deploy shop@3.0.0 --to production --yes'), /E_WITHDRAWN/);
  await json('release restore shop@3.0.0');
  await json('product floor shop 2.0.0');
  await assert.rejects(json('product floor shop 1.0.0'), /E_INPUT.*never falls/);
  await json('deploy shop@1.0.0 --to production --yes');
  await json('host label web --yes zone=b');
  await heldFor('E_BELOW_FLOOR');

  const { entries } = await json<{ entries: { what: string }[] }>('audit list --limit 1000');
  const audited = entries
    .map(({ what }) => what)
    .filter((what) => /retire|restore|withdraw|floor/.test(what));
  const restores = Array.from({ length: 3 }, () => 'release.restore');
  const retires = Array.from({ length: 3 }, () => 'release.retire');
  assert.deepEqual(audited.toSorted(), ['product.floor', ...restores, ...retires, 'release.withdraw']);
});
