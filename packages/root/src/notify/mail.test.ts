import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder, waitUntil } from '@xylem/testkit';
import { SMTPServer } from 'smtp-server';
import { rootFixture } from '../testing/root-fixture.ts';
import { shiftedClock } from '../testing/shifted-clock.ts';

const patient = 60_000;

/** A real mail server on STARTTLS with a certificate of its own, which asks for a password. */
async function mailServer(t: TestContext) {
  const folder = await tempFolder(t, 'mail');
  const at = (name: string) => join(folder, name);
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('key')];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...key, '-out', at('cert'), ...subject], {
    stdio: 'ignore',
  });
  const cert = await readFile(at('cert'), 'utf8');
  const taken: { from: string; to: string[]; text: string; secure: boolean }[] = [];
  const state = { refuses: false };
  const server = new SMTPServer({
    key: await readFile(at('key')),
    cert,
    onAuth: ({ username, password }, _session, done) =>
      username === 'xylem' && password === 'pass word'
        ? done(null, { user: username })
        : done(new Error('wrong')),
    onRcptTo: (_address, _session, done) =>
      done(state.refuses ? Object.assign(new Error('full'), { responseCode: 452 }) : null),
    onData: (stream, session, done) => {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        taken.push({
          from: mailFrom === false ? '' : (mailFrom?.address ?? ''),
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(pieces).toString(),
          secure: session.secure,
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, cert, taken, state };
}

test('mail goes by a real server, encrypted, and is tried again with the same id', async (t) => {
  const smtp = await mailServer(t);
  const clock = shiftedClock(-24 * 3600_000);
  const root = await rootFixture(t, { clock });
  await root.api('environmentCreate', { body: { name: 'acme/production' } });
  const body = { kind: 'mail' as const, to: 'ops@acme.example', topics: ['*'], scope: 'acme/production' };
  const { subscription, secret } = await root.api('subscriptionCreate', { body });
  assert.equal(secret, null);
  const params = { id: subscription.id };
  const { id } = await root.api('subscriptionTest', { params });
  const shown = () => root.api('deliveryShow', { params: { id } });
  const attempted = (attempts: number) =>
    waitUntil(async () => ((await shown()).attempts === attempts ? await shown() : null), patient);
  assert.match((await attempted(1)).outcome ?? '', /no mail server is set: xylem mail set/);

  const settings = { host: 'localhost', port: smtp.port, from: 'xylem@acme.example', user: 'xylem' };
  await root.api('mailSet', { body: { ...settings, password: 'pass word' } });
  clock.pass(60_000);
  assert.match((await attempted(2)).outcome ?? '', /^localhost: E/, 'nobody vouches for its certificate');
  await root.api('mailSet', { body: { ...settings, password: 'wrong', ca: smtp.cert } });
  clock.pass(120_000);
  assert.match((await attempted(3)).outcome ?? '', /EAUTH, 535/);
  smtp.state.refuses = true;
  await root.api('mailSet', { body: { ...settings, password: 'pass word', ca: smtp.cert } });
  clock.pass(400_000);
  assert.match((await attempted(4)).outcome ?? '', /452/);
  assert.equal(smtp.taken.length, 0);
  smtp.state.refuses = false;
  clock.pass(1000_000);
  assert.equal((await attempted(5)).state, 'delivered');
  const [mail] = smtp.taken;
  assert.deepEqual([mail?.from, mail?.to, mail?.secure], ['xylem@acme.example', ['ops@acme.example'], true]);
  assert.match(mail?.text ?? '', new RegExp(`Message-ID: <${id}@acme\\.example>`));
  assert.match(mail?.text ?? '', /Auto-Submitted: auto-generated/);
  assert.match(mail?.text ?? '', /subscription\/n-[0-9a-f]{12} in acme\/production/);

  for (const answer of [await root.api('mailShow'), await root.api('auditList')])
    assert.ok(!JSON.stringify(answer).includes('pass word'));
  await root.api('mailRemove');
  assert.deepEqual(await root.api('mailShow'), { mail: null });
});

test('settings that would give a password away, or no one address, are refused', async (t) => {
  const root = await rootFixture(t);
  const body = { host: 'smtp.example', from: 'x@acme.example', user: 'x', password: 'y' };
  const wrong = [
    { ...body, security: 'none' as const },
    { ...body, password: undefined },
    { ...body, ca: 'x' },
    { ...body, from: 'Somebody <x@acme.example>' },
    { ...body, host: 'smtp.example/x' },
  ];
  for (const settings of wrong) {
    const cleaned = JSON.parse(JSON.stringify(settings)) as typeof body;
    await assert.rejects(root.api('mailSet', { body: cleaned }), { status: 400 }, JSON.stringify(settings));
  }
  for (const to of ['a@b.example, c@d.example', 'a@b.example\nBcc: x@y.example', 'a b@c.example', '@x']) {
    const refused = root.api('subscriptionCreate', { body: { kind: 'mail', to, topics: ['*'], scope: '*' } });
    await assert.rejects(refused, { status: 400 }, to);
  }
});
