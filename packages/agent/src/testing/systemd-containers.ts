import { mkdir, writeFile } from 'node:fs/promises';
import { run } from '@xylem/testkit';

/** What a guest needs to run containers. */
export const containerPackages = ['podman', 'runc', 'busybox-static'];

/** Lets podman work in a guest: its disk is an overlay already, and nspawn allows its units no keyrings. */
export async function containerHost(): Promise<void> {
  await mkdir('/etc/containers', { recursive: true });
  await writeFile(
    '/etc/containers/storage.conf',
    '[storage]\ndriver="vfs"\ngraphroot="/var/lib/containers/storage"\nrunroot="/run/containers/storage"\n',
  );
  await writeFile(
    '/etc/containers/containers.conf',
    '[containers]\nkeyring=false\ndefault_ulimits=["nofile=4096:4096","nproc=4096:4096"]\n[engine]\nruntime="runc"\n',
  );
}

export const podman = async (...args: string[]): Promise<string> =>
  (await run('/usr/bin/podman', args, { timeoutMs: 120_000 })).stdout.trim();
