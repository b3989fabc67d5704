import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const bootFile = '/run/xylem-test-boot';
const asked = '/run/xylem-test-reboots';
const systemctl = '/usr/bin/systemctl';

/**
 * On a copy of this machine only: what would start it anew changes its boot id, and nothing else.
 * @returns how often it was asked to
 */
export function fakeBoot(): { readonly reboots: () => number } {
  writeFileSync(bootFile, `${randomUUID()}\n`);
  execFileSync('mount', ['--bind', bootFile, '/proc/sys/kernel/random/boot_id']);
  rmSync(systemctl, { force: true });
  const script = `#!/bin/sh\n[ "$1" = reboot ] || exit 1\necho reboot >>${asked}\ncat /proc/sys/kernel/random/uuid >${bootFile}\n`;
  writeFileSync(systemctl, script);
  chmodSync(systemctl, 0o755);
  writeFileSync(asked, '');
  return { reboots: () => readFileSync(asked, 'utf8').split('\n').length - 1 };
}
