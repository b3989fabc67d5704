import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { XylemError } from '@xylem/core';
import { systemClock, systemRandomness } from '@xylem/platform';
import type { Release } from '@xylem/root/contract';
import { tempFolder } from '@xylem/testkit';
import { type Api, openApi } from '../../api/client.ts';
import type { Command, Invocation } from '../../frame/define.ts';
import { createHome } from '../../home/home.ts';
import { type RootHere, rootHere } from '../../testing/root-here.ts';
import { command as channelSet } from '../channel/set.ts';
import { command as releaseCreate } from './create.ts';

async function shopWithRelease(t: TestContext): Promise<{ root: RootHere; api: Api; release: Release }> {
  const root = await rootHere(t);
  const made = await tempFolder(t, 'made');
  mkdirSync(join(made, 'tree'));
  writeFileSync(join(made, 'tree', 'page'), 'page');
  writeFileSync(
    join(made, 'xylem.yaml'),
    'product: shop\ncomponent: shop-web\nversion: 2.0.0\nfolder: tree\n',
  );
  for (const words of [
    ['package', 'publish', made],
    ['release', 'create', 'shop@2.0.0', '--with', 'shop-web@2.0.0'],
  ]) {
    const { code, stderr } = await root.xylem(words);
    assert.equal(code, 0, stderr);
  }
  const home = createHome({ XYLEM_HOME: root.home });
  const api = await openApi(await home.context(), {});
  t.after(() => api.close());
  const release = await api.call('releaseShow', { params: { product: 'shop', version: '2.0.0' } });
  return { root, api, release };
}

/** Runs a command in this process at a given time, milliseconds since 1970. */
async function runAt(
  command: Command,
  nowMs: number,
  { root, api, ...words }: { root: RootHere; api: Api; args: string[]; options: object },
): Promise<unknown> {
  const invocation = {
    ...words,
    home: createHome({ XYLEM_HOME: root.home }),
    clock: { ...systemClock, now: () => nowMs },
    randomness: systemRandomness,
    signal: new AbortController().signal,
    api: async () => api,
  };
  return (await command.run(invocation as unknown as Invocation))?.data;
}

/** An API that has not heard of a release the first time it is asked: another makes it just then. */
function lateToHear(api: Api): Api {
  let isFirst = true;
  return {
    ...api,
    async call(operation, asking) {
      if (operation === 'releaseShow' && isFirst) {
        isFirst = false;
        throw new XylemError('E_NOT_FOUND', 'There is no release yet.');
      }
      return await api.call(operation, asking);
    },
  };
}

test('the very release that another made meanwhile is found, be it of the same second or of a later one', {
  timeout: 60_000,
}, async (t) => {
  const { root, api, release } = await shopWithRelease(t);
  const issuedMs = Date.parse(release.issued);
  // Of the same second it has the same bytes, and the role that is read says already all that would be signed.
  for (const laterMs of [0, 5_000]) {
    const asked = {
      root,
      api: lateToHear(api),
      args: ['shop@2.0.0'],
      options: { with: ['shop-web@2.0.0'], after: [] },
    };
    assert.deepEqual(await runAt(releaseCreate, issuedMs + laterMs, asked), {
      release: release.release,
      created: false,
    });
  }
});

test('a channel that another set in the same second to the same version stays, and is no wrong input', {
  timeout: 60_000,
}, async (t) => {
  const { root, api, release } = await shopWithRelease(t);
  const set = () =>
    runAt(channelSet, Date.parse(release.issued), { root, api, args: ['shop/stable', '2.0.0'], options: {} });
  const first = await set();
  assert.deepEqual(await set(), first);
});

test('what --after says is taken whole or refused', async () => {
  for (const after of ['web=api=db', 'web=', '=api', 'web=api,', 'web', 'web=API', 'web=api, db']) {
    const invocation = {
      args: ['shop@1.0.0'],
      options: { with: ['web@1.0.0', 'api@1.0.0', 'db@1.0.0'], after: [after] },
      api: async () => ({ call: async () => ({}) }),
    };
    await assert.rejects(
      async () => releaseCreate.run(invocation as unknown as Invocation),
      { code: 'E_INPUT', message: new RegExp(`^--after ${after} is not valid`) },
      after,
    );
  }
});
