import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { realIssuer, ScriptedBrowser } from '@xylem/root/testing';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { rootHere } from '../../testing/root-here.ts';
import { startHere } from '../../testing/run-here.ts';

test('an administrator sets the issuer, and a person signs in at a machine without a browser', async (t) => {
  const root = await rootHere(t);
  const issuer = await realIssuer(t, { redirectUri: () => `${root.url}/login/oidc/callback` });
  issuer.setPerson('anna', { groups: ['operators'], preferred_username: 'Anna' });
  const home = await tempFolder(t, 'anna');
  const file = join(home, 'secret');
  await writeFile(file, `${issuer.clientSecret}\n`);
  const login = ['login', root.url, '--oidc'];
  assert.match((await root.xylem(login, home)).stderr, /E_OIDC.*knows no issuer/);
  assert.equal((await root.xylem([...login, '--as', 'anna'], home)).code, 2);

  const set = ['oidc', 'set', '--issuer', issuer.url, '--client-id', issuer.clientId];
  const said = await root.xylem([...set, '--client-secret-file', file, '--public-url', root.url]);
  assert.equal(said.code, 0, said.stderr);
  assert.match(said.stdout, new RegExp(`registered at the issuer: ${root.url}/login/oidc/callback`));
  for (const words of [
    ['oidc', 'show'],
    ['oidc', 'show', '--json'],
    ['audit', 'list', '--json'],
  ]) {
    const shown = await root.xylem(words);
    assert.match(shown.stdout, /xylem/);
    assert.ok(!shown.stdout.includes(issuer.clientSecret));
  }
  const grant = ['--role', 'operator', '--in', 'acme'];
  assert.match(
    (await root.xylem(['group', 'grant', 'operators', ...grant])).stdout,
    /operators: operator in acme/,
  );
  assert.match((await root.xylem(['group', 'list'])).stdout, /operators +operator in acme/);

  const running = startHere([...login, '--json'], { XYLEM_HOME: home });
  const at = await waitUntil(() => /Or open (\S+)/.exec(running.said.stderr)?.[1] ?? null);
  assert.match(running.said.stderr, /enter the code:\n\n {4}[A-Z]{4}-[A-Z]{4}\n/);
  await approve(at);
  const signedIn = await running.ended;
  assert.equal(signedIn.code, 0, signedIn.stderr);
  const who = JSON.parse(signedIn.stdout) as { kind: string; name: string };
  assert.deepEqual([who.kind, who.name], ['oidc', 'oidc/Anna']);
  assert.match(
    (await root.xylem(['session', 'list'], home)).stdout,
    /oidc\/[0-9a-f]{12}\/anna \(Anna\) +cli:/,
  );
  assert.equal((await root.xylem(['status'], home)).code, 0);

  assert.equal((await root.xylem(['group', 'revoke', 'operators', ...grant])).code, 0);
  assert.equal((await root.xylem(['status'], home)).code, 3, 'at once, in a session that is open');
  assert.equal((await root.xylem(['group', 'revoke', 'operators', ...grant])).code, 4);
  const sessions = (await root.xylem(['session', 'list'])).stdout;
  const shown = /oidc\/[0-9a-f]{12}\/anna \(Anna\)/.exec(sessions)?.[0] ?? '';
  assert.equal((await root.xylem(['logout'], home)).code, 0);

  const shut = await root.xylem(['person', 'disable', shown]);
  assert.match(shut.stdout, /\/anna can't sign in any more\.\n0 sessions ended\.\n$/, shut.stderr);
  const account = shown.replace(' (Anna)', '');
  const people = (await root.xylem(['person', 'list'])).stdout;
  assert.ok(people.includes(account) && people.includes('disabled'), people);
  const again = startHere([...login, '--json'], { XYLEM_HOME: home });
  await approve((await waitUntil(() => /Or open (\S+)/.exec(again.said.stderr)?.[1] ?? null)) ?? '');
  const refused = await again.ended;
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /E_OIDC.*Anna, and that account was shut out here/);
  assert.match((await root.xylem(['person', 'enable', account])).stdout, /may sign in again\.\n$/);
  assert.equal((await root.xylem(['person', 'enable', account])).code, 4);
  const typed = await root.xylem(['person', 'disable', 'oidc/0123456789ab/anna']);
  assert.match(typed.stdout, /0 sessions ended\.\nNobody signs in by the issuer of this account now/);

  assert.equal((await root.xylem(['oidc', 'remove'])).code, 0);
  assert.match((await root.xylem(['oidc', 'show'])).stdout, /Nobody signs in by an issuer/);
});

async function approve(at: string): Promise<void> {
  const browser = new ScriptedBrowser();
  const confirm = await browser.submit(await browser.open(at), {});
  const asked = await browser.submit(confirm, {});
  const consent = await browser.submit(asked, { login: 'anna', password: 'any' });
  const done = await browser.submit(consent, {});
  assert.match(done.text, /Sign-in Success/);
}
