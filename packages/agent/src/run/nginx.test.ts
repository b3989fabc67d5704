import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { nginxServer } from '@xylem/testkit';
import { encodeKey, generateKey, makeCsr } from '@xylem/trust';
import { Site } from '../testing/site.ts';
import { waitFor } from '../testing/wait-for.ts';

test('a joined host is installed and updated from nginx alone, over the same folder', async (context) => {
  const site = await Site.create(context);
  const { ca, repository } = site.installation;
  const key = generateKey();
  const cert = await ca.issue(makeCsr(key, 'nginx'), { environment: site.environment.id, serves: '*' });
  const nginx = await nginxServer(context, repository.folder, {
    tls: { key: encodeKey(key), cert: `${cert}\n${ca.certificatePem}` },
  });
  if ('skip' in nginx) {
    context.skip(nginx.skip);
    return;
  }
  const v1 = await site.publish('web', '1.0.0', { 'index.html': 'one', same: { noiseBytes: 400_000 } });
  const v2 = await site.publish('web', '2.0.0', { 'index.html': 'two', same: { noiseBytes: 400_000 } });
  const one = await site.vendor.release('1.0.0', [v1]);
  const host = await site.host([nginx.url]);
  await site.assign([{ release: one, package: v1 }]);
  await site.agent(host);
  const index = join(host.stateFolder, 'components', 'web', 'current', 'index.html');
  const runs = (text: string): Promise<boolean> =>
    readFile(index, 'utf8').then(
      (found) => found === text,
      () => false,
    );
  await waitFor('the first version', () => runs('one'));
  const two = await site.vendor.release('2.0.0', [v2]);
  await site.assign([{ release: two, package: v2 }]);
  await waitFor('the second version', () => runs('two'));
  const served = await nginx.requests();
  for (const pack of [...v1.packs, ...v2.packs]) {
    assert.ok(
      served.some((line) => line.includes(pack) && / 20[06] /.test(line)),
      `nginx served the pack ${pack}`,
    );
  }
  const news = served.filter((line) => line.startsWith('GET /news?'));
  assert.ok(news.length > 0 && news.every((line) => / (301|404) /.test(line)), news.join('\n'));
});
