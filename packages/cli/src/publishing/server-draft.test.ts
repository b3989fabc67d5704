import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RepositoryId } from '@xylem/core';
import { sha256 } from '@xylem/core';
import { systemClock } from '@xylem/platform';
import { draftRoot, generateKey, type RootRoles, signRoot, trustRepository } from '@xylem/trust';
import { checkServerDraft } from './server-draft.ts';

test('a root server can slip no root key of its own into what an operator signs', async () => {
  const [server, online, mine] = [generateKey(), generateKey(), generateKey()];
  const nowMs = systemClock.now();
  const roles: RootRoles = {
    root: { keys: [server] },
    targets: { keys: [online] },
    snapshot: { keys: [online] },
    timestamp: { keys: [online] },
  };
  const { file } = await signRoot({ roles, signers: [server], nowMs });
  const id = sha256(file.bytes).slice(0, 32) as RepositoryId;
  const trusted = trustRepository(id, { roots: [file.bytes], targets: null, roles: new Map() });
  const drafted = async (root: RootRoles['root'], previous: Uint8Array | undefined = file.bytes) => {
    const next = { roles: { ...roles, root }, signers: [server], nowMs };
    const { file: draft } = await draftRoot(previous === undefined ? next : { ...next, previous });
    return { role: 'root', base: 1, bytes: draft.bytes };
  };
  const wanted = { keys: [mine], threshold: 1 };
  const good = await drafted(wanted);
  assert.deepEqual(
    (await checkServerDraft(trusted, good, wanted, systemClock)).bytes,
    Buffer.from(good.bytes),
  );
  for (const root of [{ keys: [mine, server] }, { keys: [server] }, { keys: [mine, server], threshold: 2 }]) {
    await assert.rejects(checkServerDraft(trusted, await drafted(root), wanted, systemClock), {
      code: 'E_TRUST',
    });
  }
  const json = JSON.parse(Buffer.from(good.bytes).toString()) as { signed: object };
  const more = Buffer.from(JSON.stringify({ ...json, signed: { ...json.signed, more: 1 } }));
  await assert.rejects(checkServerDraft(trusted, { ...good, bytes: more }, wanted, systemClock), {
    code: 'E_METADATA_INVALID',
  });
});
