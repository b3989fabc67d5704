import assert from 'node:assert/strict';
import { test } from 'node:test';
import zlib from 'node:zlib';
import { limits, parseTaken, proofsHeader } from '@xylem/core';
import { createHttpClient, readBody } from '@xylem/platform';
import { removeLater, waitUntil } from '@xylem/testkit';
import type { JoinedHost } from '@xylem/testkit/builders';
import { clientTls } from '@xylem/trust';
import { batchOf, reportOf } from './testing/reports.ts';
import { clientOf, snapshotAt, startRelay, world } from './testing/world.ts';

const proofs = { [proofsHeader]: '1' };
const incarnation = '0123456789abcdef';
const lookFor = (...hosts: readonly (readonly [host: string, sequence: number, incarnation?: string])[]) =>
  JSON.stringify({
    format: 'xylem-look-1',
    reports: hosts.map(([host, sequence, of = incarnation]) => ({ host, incarnation: of, sequence })),
  });

type Client = Pick<ReturnType<typeof clientOf>, 'http'>;

async function post(
  { http }: Client,
  url: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = proofs,
): Promise<{ status: number; text: Buffer }> {
  const answer = await http.request({ method: 'POST', url, body, headers });
  return { status: answer.status, text: await readBody(answer.body, 2 ** 24, 'answer') };
}

test('a relay below a relay hears of watermarks by looking, and sends no report again', async (t) => {
  const { installation, production, root } = await world(t);
  const serves = [production.id];
  const upper = await startRelay(t, await installation.join(production, { parents: [root.url], serves }));
  const own = await installation.join(production, { parents: [upper.url], serves });
  const lower = await startRelay(t, own, { timing: { reportRetryFirstMs: 1_000 } });
  await waitUntil(() => snapshotAt(lower, production.id) > 0);
  const carrier = clientOf(t, await installation.join(production, { parents: [lower.url], serves }));
  const hosts: JoinedHost[] = [];
  for (const _ of [1, 2, 3]) hosts.push(await installation.join(production, { parents: [lower.url] }));
  const batch = batchOf(...hosts.map((host) => reportOf(host, 1)));
  assert.equal((await post(carrier, `${lower.url}/reports`, batch)).status, 202);
  await waitUntil(() => lower.status().spooledReports === 0);
  assert.equal(root.reports.size, 3);
  for (const host of hosts) {
    const url = `${lower.url}/watermarks/${host.identity.host}`;
    const { status, body } = await clientOf(t, host).http.request({ method: 'GET', url, headers: proofs });
    body.resume();
    assert.equal(status, 200);
  }
  const metrics = (await clientOf(t, own).get(`${upper.url}/metrics`)).body.toString().split('\n');
  const counted = (status: number): number => {
    const sample = `xylem_requests_total{class="report",status="${status}"} `;
    return Number(metrics.find((line) => line.startsWith(sample))?.slice(sample.length) ?? 0);
  };
  assert.equal(counted(202), 1, 'batches of reports');
  assert.ok(counted(200) >= 1, 'looks');
});

test('who looks hears what covers its reports, of whom it may hear, in the form that it reads', async (t) => {
  const { installation, production, root } = await world(t);
  const serves = [production.id];
  const relay = await startRelay(t, await installation.join(production, { parents: [root.url], serves }));
  await waitUntil(() => snapshotAt(relay, production.id) > 0);
  const below = await installation.join(production, { parents: [relay.url], serves });
  const [one, two] = [
    await installation.join(production, { parents: [relay.url] }),
    await installation.join(production, { parents: [relay.url] }),
  ];
  const [first, second] = [one.identity.host, two.identity.host];
  const carrier = clientOf(t, below);
  const batch = batchOf(reportOf(one, 5), reportOf(two, 5));
  assert.equal((await post(carrier, `${relay.url}/reports`, batch)).status, 202);
  await waitUntil(() => relay.status().spooledReports === 0);

  const heard = async (client: Client, body: string, headers = proofs as Record<string, string>) => {
    const { status, text } = await post(client, `${relay.url}/watermarks`, body, headers);
    assert.equal(status, 200);
    const taken = parseTaken(text);
    return (taken.proofs ?? []).flatMap((some) => some.proofs.map(({ host }) => host)).sort();
  };
  const both = lookFor([first, 5], [second, 4]);
  assert.deepEqual(await heard(carrier, both), [first, second].sort());
  assert.deepEqual(await heard(clientOf(t, one), both), [first], 'a host hears of itself');
  assert.deepEqual(await heard(carrier, both, {}), [], 'nothing that who asks could not read');
  const others = lookFor([first, 6], [second, 5, 'fedcba9876543210'], ['9'.repeat(32), 1]);
  assert.deepEqual(await heard(carrier, others), [], 'later, of another incarnation, unknown');
  assert.deepEqual(await heard(carrier, lookFor()), []);
  const packed = zlib.zstdCompressSync(Buffer.from(both));
  const zstd = { ...proofs, 'content-encoding': 'zstd' };
  assert.equal((await post(carrier, `${relay.url}/watermarks`, packed, zstd)).status, 200);
});

test('a look that is none, or too long, is refused', async (t) => {
  const { installation, production, root } = await world(t);
  const serves = [production.id];
  const relay = await startRelay(t, await installation.join(production, { parents: [root.url], serves }));
  const client = clientOf(t, await installation.join(production, { parents: [relay.url] }));
  const refusal = async (body: string | Uint8Array, headers = {}): Promise<string> => {
    const { status, text } = await post(client, `${relay.url}/watermarks`, body, headers);
    return `${status} ${JSON.parse(text.toString()).code}`;
  };
  const many = (count: number): string =>
    lookFor(...Array.from({ length: count }, () => ['a'.repeat(32), 1] as const));
  const zstd = { 'content-encoding': 'zstd' };
  const spaces = Buffer.alloc(limits.look + 1, 32);
  assert.equal(await refusal('{}'), '400 E_REPORT_INVALID');
  assert.equal(await refusal(lookFor(['../../key', 1])), '400 E_REPORT_INVALID');
  assert.equal(await refusal(lookFor(['a'.repeat(32), -1])), '400 E_REPORT_INVALID');
  assert.equal(await refusal(many(limits.lookReports + 1)), '400 E_REPORT_INVALID');
  assert.equal(await refusal('not zstd', zstd), '400 E_REPORT_INVALID');
  assert.equal(await refusal(zlib.zstdCompressSync(spaces), zstd), '413 E_TOO_LARGE');
  assert.equal(await refusal(spaces).catch(() => '413 E_TOO_LARGE'), '413 E_TOO_LARGE');
  assert.equal(
    (await post(client, `${relay.url}/watermarks`, many(limits.lookReports))).status,
    200,
    'it goes on to answer',
  );
  const http = createHttpClient({ tls: clientTls({ caPem: installation.ca.certificatePem }) });
  removeLater(t, () => http.close());
  assert.equal((await post({ http }, `${relay.url}/watermarks`, lookFor())).status, 404);
});
