import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import { componentOf, reported, Site } from '../site.ts';

/** XYLEM_RELEASES_BEHIND=500 is what docs/reliability.md states. */
const releases = Number(process.env.XYLEM_RELEASES_BEHIND ?? 60);

interface CaughtUp {
  readonly requests: number;
  readonly bytes: number;
  /** Of the largest answer that is no part of a pack. */
  readonly largest: number;
}

/** A host that was away while so many releases were published, directed and replaced: what its way to the last one costs. */
async function behind(context: TestContext, count: number): Promise<CaughtUp> {
  const site = await Site.create(context);
  const front = await site.front();
  const host = await site.host([front.url]);
  const publish = async (number: number): Promise<void> => {
    const version = `1.${number}.0`;
    const web = await site.publish('web', version, { page: `page ${number}`, same: 'same' });
    const release = await site.vendor.release(version, [web]);
    await site.assign([{ release, package: web }]);
  };
  await publish(0);
  const first = await site.agent(host);
  await reported(front, host, 'the first', (report) => componentOf(report, 'web')?.version === '1.0.0');
  await first.stop();
  for (let number = 1; number <= count; number += 1) await publish(number);
  const cost = { requests: 0, bytes: 0, largest: 0 };
  front.intercept((request, response) => {
    if (!/^\/(o|r|news\/)/.test(request.url ?? '')) return false;
    cost.requests += 1;
    counted(response, (bytes) => {
      cost.bytes += bytes;
      cost.largest = Math.max(cost.largest, bytes);
    });
    return false;
  });
  await site.agent(host);
  const last = `1.${count}.0`;
  await reported(front, host, last, (report) => componentOf(report, 'web')?.version === last);
  return cost;
}

/** Tells how many bytes of a body an answer had, once it is over. */
function counted(response: ServerResponse, done: (bytes: number) => void): void {
  let bytes = 0;
  const { write, end } = response;
  const size = (piece: unknown): number =>
    typeof piece === 'string' || piece instanceof Uint8Array ? Buffer.byteLength(piece) : 0;
  response.write = ((...words: Parameters<typeof write>) => {
    bytes += size(words[0]);
    return write.apply(response, words);
  }) as typeof write;
  response.end = ((...words: Parameters<typeof end>) => {
    bytes += size(words[0]);
    return end.apply(response, words);
  }) as typeof end;
  response.on('close', () => done(bytes));
}

test('a host that many releases went by asks for as much as one that is one release behind', {
  timeout: 600_000,
}, async (context) => {
  const one = await behind(context, 1);
  const many = await behind(context, releases);
  context.diagnostic(`1 behind: ${JSON.stringify(one)}; ${releases} behind: ${JSON.stringify(many)}`);
  // Beyond 50 releases that are not retired, a product's role is divided: one request more, for the part that is asked.
  assert.ok(many.requests <= one.requests + 1, `${many.requests} requests instead of ${one.requests}`);
  // What a division of the role itself takes, however many there were before.
  assert.ok(many.bytes <= one.bytes + 32 * 1024, `${many.bytes} bytes instead of ${one.bytes}`);
});
