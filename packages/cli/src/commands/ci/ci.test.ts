import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@xylem/platform';
import { madeIssuer } from '@xylem/root/testing';
import { tempFolder } from '@xylem/testkit';
import { rootHere } from '../../testing/root-here.ts';

test("a job logs in by its CI system's token, once, until the rule is taken away", async (t) => {
  const root = await rootHere(t);
  const issuer = await madeIssuer(t, systemClock.now);
  const home = await tempFolder(t, 'job');
  const file = join(home, 'token');
  await writeFile(file, `${await issuer.token()}\n`);
  const login = ['login', root.url, '--exchange-token', file];
  const trust = ['ci', 'trust', '--issuer', issuer.url, '--role', 'publisher', '--in', 'product:shop'];
  assert.equal((await root.xylem(trust)).code, 2, 'without a claim');
  assert.equal((await root.xylem([...trust, '--match', 'ref'])).code, 2);
  assert.match((await root.xylem(login, home)).stderr, /E_CI_TOKEN.*\n?.*trusts the issuer/);

  const match = ['--match', 'repository=acme/shop', '--match', 'ref=refs/heads/main'];
  const said = await root.xylem([...trust, ...match, '--json']);
  assert.equal(said.code, 0, said.stderr);
  const { id } = JSON.parse(said.stdout) as { id: string };
  assert.match((await root.xylem(['ci', 'list'])).stdout, /ref=refs\/heads\/main, repository=acme\/shop/);
  const first = await root.xylem(login, home);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /knows you as ci repo:acme\/shop \(publisher in product:shop\)/);
  assert.equal((await root.xylem(login, home)).code, 3, 'the same token again');
  assert.equal((await root.xylem(['ci', 'list'], home)).code, 3);
  assert.equal((await root.xylem(['ci', 'distrust', id])).code, 0);
  assert.equal((await root.xylem(['status'], home)).code, 3);
  assert.equal((await root.xylem(['login', root.url, '--exchange-token', join(home, 'none')], home)).code, 2);
  assert.equal((await root.xylem([...login, '--as', 'anna'], home)).code, 2);
});
