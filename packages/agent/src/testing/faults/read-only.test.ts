import assert from 'node:assert/strict';
import { test } from 'node:test';
import { componentOf } from '../site.ts';
import { agentProcess } from './agent-process.ts';
import { loopDisk } from './loop-disk.ts';
import { webOnDisk } from './web-on-disk.ts';

test('a file system that became read-only under a host, as after an error of its disk: what runs goes on, it is reported, and mended the host follows', async (context) => {
  const disk = await loopDisk(context);
  if ('skip' in disk) return context.skip(disk.skip);
  const { host, stop, publish, answer, says } = await webOnDisk(context, disk.folder);
  await publish('1.0.0');
  const first = agentProcess(context, host.stateFolder);
  await says('version 1', (report) => componentOf(report, 'api')?.healthy === true);

  disk.abort();
  await publish('2.0.0');
  const report = await says('what keeps it', (latest) =>
    latest.waiting.some(({ code }) => code === 'E_PERMISSION' || code === 'E_STORAGE'),
  );
  context.diagnostic(JSON.stringify(report.waiting));
  assert.equal(componentOf(report, 'api')?.version, '1.0.0');
  assert.match(report.waiting[0]?.message ?? '', /read-only/i);
  assert.equal(await answer(), '1.0.0');
  // The service's end is seen by its supervisor, whose disk is the same one.
  assert.equal(componentOf(report, 'api')?.state, 'running');

  await first.end();
  await stop();
  disk.repair();
  agentProcess(context, host.stateFolder);
  await says('version 2', (latest) => {
    const api = componentOf(latest, 'api');
    return api?.version === '2.0.0' && api.healthy === true && latest.waiting.length === 0;
  });
  assert.equal(await answer(), '2.0.0');
});
