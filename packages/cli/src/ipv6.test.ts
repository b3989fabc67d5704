import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startNode, waitUntil } from '@xylem/testkit';
import { environment, labHere } from './testing/lab-here.ts';

test('where there is IPv6 alone all converges, by addresses and by names, and goes on when addresses change', {
  timeout: 240_000,
}, async (t) => {
  const here = await labHere(t, 'ipv6', { ipv6Only: true });
  if ('skip' in here) return t.skip(here.skip);
  const { lab, operator, at } = here;
  await here.release('1.0.0', 'one');
  const relay = await lab.node('relay');
  const below = { environment, operator };
  const upper = here.on(relay);
  const relayUrl = await startNode(upper, {
    ...below,
    name: 'relay',
    state: at('relay'),
    serve: true,
    listen: { listen: '[::]:8442', url: 'https://relay.lab:8442' },
  });
  assert.equal(relayUrl, 'https://relay.lab:8442');
  const site = await lab.node('site', { link: { rate: '8mbit' } });
  const parent = `https://[${relay.address6()}]:8442`;
  await startNode(here.on(site), { ...below, name: 'site', state: at('site'), parent });
  const file = (name: string): Buffer => readFileSync(at(name, 'components', 'web', 'current', 'file'));
  for (const name of ['relay', 'site']) await waitUntil(() => String(file(name)) === 'one', 30_000);

  // While the site fetches; and again while it waits for news.
  const large = randomBytes(6_000_000);
  const before = (await lab.carried(site)).down;
  await here.release('2.0.0', large);
  await waitUntil(async () => (await lab.carried(site)).down > before + 3_000_000, 30_000);
  await lab.readdress(site);
  await waitUntil(() => file('site').equals(large), 60_000);
  const after = (await lab.carried(site)).down;
  assert.ok(after - before < 8_000_000, `${after - before} bytes: what came was fetched again`);
  await lab.readdress(site);
  await here.release('3.0.0', 'three');
  await waitUntil(() => String(file('site')) === 'three', 40_000);
});
