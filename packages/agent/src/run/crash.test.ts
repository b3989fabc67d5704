import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { componentOf, reported, Site } from '../testing/site.ts';

test('a committed service that ends again and again is started with growing pauses, and the report says so', async (context) => {
  const site = await Site.create(context);
  const front = await site.front();
  const main = `const { existsSync } = require('node:fs');
setInterval(() => { if (existsSync(process.argv[2] + '/end')) process.exit(3); }, 10);
`;
  const job = await site.publish(
    'job',
    '1.0.0',
    { 'main.cjs': main },
    {
      kind: 'service',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of a package
      service: { command: ['${node}', '${tree}/main.cjs', '${data}'] },
    },
  );
  const release = await site.vendor.release('1.0.0', [job]);
  const host = await site.host([front.url]);
  await site.assign([{ release, package: job }]);
  await site.agent(host);
  await reported(front, host, 'the service', (report) => {
    return componentOf(report, 'job')?.state === 'running' && report.waiting.length === 0;
  });
  const end = join(host.stateFolder, 'components', 'job', 'data', 'end');
  await writeFile(end, '');
  const down = await reported(front, host, 'its end', (report) =>
    report.waiting.some(({ component, code }) => component === 'job' && code === 'E_SERVICE_ENDED'),
  );
  assert.match(down.waiting[0]?.message ?? '', /ended by itself .*with exit code 3/);
  await reported(front, host, 'the pause', (report) => componentOf(report, 'job')?.state === 'failed');
  await rm(end);
  await reported(
    front,
    host,
    'the service again',
    (report) => componentOf(report, 'job')?.state === 'running',
  );
});
