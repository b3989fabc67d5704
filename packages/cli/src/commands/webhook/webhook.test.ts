import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { rootHere } from '../../testing/root-here.ts';

test('an operator subscribes a webhook, sees what became of it, and sends it again', async (t) => {
  const root = await rootHere(t);
  let status = 500;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  assert.equal((await root.xylem(['webhook', 'create', url])).code, 2, 'nothing to tell');
  const made = await root.xylem(['webhook', 'create', url, '--topics', 'deployment.*']);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /\n {4}whsec_[A-Za-z0-9+/=]{44}\n/);
  const [id = ''] = /n-[0-9a-f]{12}/.exec(made.stdout) ?? [];
  assert.match((await root.xylem(['webhook', 'list'])).stdout, new RegExp(`${id} .*deployment\\.\\*`));
  const tested = await root.xylem(['webhook', 'test', id]);
  const [delivery = ''] = /msg_[0-9a-f]{24}/.exec(tested.stdout) ?? [];
  const listed = async () => (await root.xylem(['webhook', 'deliveries', '--subscription', id])).stdout;
  await waitUntil(async () => (await listed()).includes('answered 500'), 60_000);
  status = 204;
  assert.equal((await root.xylem(['webhook', 'replay'])).code, 2);
  assert.equal((await root.xylem(['webhook', 'replay', delivery])).code, 0);
  await waitUntil(async () => (await listed()).includes('delivered'), 60_000);
  assert.match((await root.xylem(['webhook', 'replay', '--all-dead'])).stdout, /Sent again: 0/);
  assert.match((await root.xylem(['webhook', 'rotate', id, '--keep-hours', '1'])).stdout, /whsec_/);
  assert.match((await root.xylem(['webhook', 'show', id])).stdout, /old secret signs, too, until/);
  assert.equal((await root.xylem(['webhook', 'enable', id])).code, 0);
  assert.equal((await root.xylem(['webhook', 'remove', id])).code, 0);
  assert.equal((await root.xylem(['webhook', 'show', id])).code, 4);

  const password = join(await tempFolder(t, 'mail'), 'password');
  await writeFile(password, 'secret words\n');
  const set = ['mail', 'set', '--host', 'smtp.example', '--from', 'xylem@acme.example'];
  assert.equal((await root.xylem([...set, '--security', 'some'])).code, 2);
  assert.equal((await root.xylem([...set, '--user', 'x', '--password-file', password])).code, 0);
  const shown = (await root.xylem(['mail', 'show'])).stdout;
  assert.match(shown, /smtp\.example:587 \(STARTTLS, as x\), from xylem@acme\.example/);
  const mail = await root.xylem(['mail', 'subscribe', 'ops@acme.example', '--topics', '*']);
  const [person = ''] = /n-[0-9a-f]{12}/.exec(mail.stdout) ?? [];
  assert.match((await root.xylem(['mail', 'list'])).stdout, /ops@acme\.example/);
  assert.equal((await root.xylem(['mail', 'unsubscribe', person])).code, 0);
  assert.equal((await root.xylem(['mail', 'remove'])).code, 0);
  assert.match((await root.xylem(['mail', 'show'])).stdout, /no mail is sent/);
});
