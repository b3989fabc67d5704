import assert from 'node:assert/strict';
import { chmod, chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../testing/state-folder.ts';
import { localPolicy } from './local-policy.ts';

test('a host without a policy takes nothing from sources of its own, and lets packages ask for a new start', async (context) => {
  const path = join(await temporaryFolder(context), 'policy.yaml');
  const unsaid = await localPolicy(path);
  assert.deepEqual(unsaid.packages, { hostSources: false, reboot: true });
  if (process.getuid?.() !== 0) return;
  await writeFile(path, '');
  assert.deepEqual(await localPolicy(path), unsaid, 'an empty one says the same');
});

test('a policy counts only when root alone could have written it', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('files can be given to another user by root only');
  const path = join(await temporaryFolder(context), 'policy.yaml');
  await writeFile(path, 'packages:\n  sources: host\n  reboot: false\n', { mode: 0o644 });
  const { packages } = await localPolicy(path);
  assert.deepEqual(packages, { hostSources: true, reboot: false });
  await chmod(path, 0o664);
  await assert.rejects(localPolicy(path), { code: 'E_PERMISSION' });
  await chmod(path, 0o644);
  await chown(path, 65_534, 65_534);
  await assert.rejects(localPolicy(path), { code: 'E_PERMISSION' });
});

test('a policy that can not be read as one is refused by line and key', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root can own the policy');
  const path = join(await temporaryFolder(context), 'policy.yaml');
  await writeFile(path, 'packages:\n  sources: all\n', { mode: 0o644 });
  await assert.rejects(localPolicy(path), { code: 'E_INPUT', message: /policy\.yaml.*2/ });
});
