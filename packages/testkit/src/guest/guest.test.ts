import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { bootGuest, type Guest } from './index.ts';

const bootId = (guest: Guest): Promise<string> => guest.run(['cat', '/proc/sys/kernel/random/boot_id']);

test('a guest boots, keeps its disk over a reboot and a power loss, and leaves nothing', async (t) => {
  const groups = (): string[] =>
    readdirSync('/sys/fs/cgroup/memory').filter((name) => name.includes('-kept-'));
  await t.test('while it is there', async (inner) => {
    const guest = await bootGuest(inner, { name: 'kept' });
    if ('skip' in guest) return inner.skip(guest.skip);
    assert.equal(await guest.run(['hostname']), 'kept');
    assert.equal(await guest.run(['ps', '-o', 'comm=', '-p', '1']), 'systemd');
    assert.match(await guest.run(['ip', '-brief', 'address']), /^lo .*127\.0\.0\.1\/8[^\n]*$/);
    assert.equal((await guest.exec(['false'])).code, 1);
    await guest.write('/root/kept', 'on the disk');
    const first = await bootId(guest);
    await guest.reboot();
    const second = await bootId(guest);
    assert.notEqual(second, first);
    await guest.powerOff();
    await guest.boot();
    assert.notEqual(await bootId(guest), second);
    assert.equal(await guest.run(['cat', '/root/kept']), 'on the disk');
  });
  assert.deepEqual(groups(), []);
});

test('limits of a unit hold in a guest', async (t) => {
  const guest = await bootGuest(t, { name: 'limits' });
  if ('skip' in guest) return t.skip(guest.skip);
  const eat = ['node', '-e', 'const a = []; while (a.length < 75) a.push(Buffer.alloc(4 << 20, 1));'];
  // Within what the guest itself has.
  await guest.run(['systemd-run', '--wait', '-q', ...eat]);
  const { code } = await guest.exec(['systemd-run', '--wait', '-q', '-p', 'MemoryMax=120M', ...eat]);
  assert.notEqual(code, 0);
  const forks = ['sh', '-c', 'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; wait'];
  await guest.run(['systemd-run', '--wait', '-q', ...forks]);
  const few = await guest.exec(['systemd-run', '--wait', '-q', '-p', 'TasksMax=5', ...forks]);
  assert.notEqual(few.code, 0);
});
