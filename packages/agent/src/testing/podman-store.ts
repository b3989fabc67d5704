import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cleanup, installDebian, removeLater, run, tempFolder, type Unavailable } from '@xylem/testkit';

export interface PodmanStore {
  readonly folder: string;
  /** `podman ARGUMENTS…` over this store. */
  podman(...args: string[]): Promise<string>;
}

/**
 * A store of podman's own in a folder of the test (`given`: in this one), for this process and those that it starts; nothing of it is left
 * behind. Or the reason why there can be none here.
 */
export async function podmanStore(context: Cleanup, given?: string): Promise<PodmanStore | Unavailable> {
  const missing = await installDebian('podman', 'runc', 'busybox-static');
  if (missing !== null) return missing;
  const folder = given ?? (await tempFolder(context, 'podman'));
  const at = (name: string): string => join(folder, name);
  await mkdir(at('net'), { recursive: true });
  // As small as a machine without privileges of its own allows; vfs mounts nothing.
  const conf = `[containers]
default_ulimits=["nofile=4096:4096","nproc=4096:4096"]
[network]
network_config_dir="${at('net')}"
[engine]
cgroup_manager="cgroupfs"
runtime="runc"
events_logger="none"
static_dir="${at('static')}"
tmp_dir="${at('tmp')}"
volume_path="${at('volumes')}"
`;
  await writeFile(at('containers.conf'), conf);
  await writeFile(
    at('storage.conf'),
    `[storage]\ndriver="vfs"\ngraphroot="${at('graph')}"\nrunroot="${at('run')}"\n`,
  );
  const before = { ...process.env };
  removeLater(context, () => {
    for (const name of ['CONTAINERS_CONF', 'CONTAINERS_STORAGE_CONF']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
  process.env.CONTAINERS_CONF = at('containers.conf');
  process.env.CONTAINERS_STORAGE_CONF = at('storage.conf');
  const podman = async (...args: string[]): Promise<string> =>
    (await run('/usr/bin/podman', args, { timeoutMs: 120_000 })).stdout;
  removeLater(context, async () => {
    await podman('rm', '--all', '--force', '--time', '0');
  });
  try {
    await podman('info');
    return { folder, podman };
  } catch (error) {
    return { skip: `podman does not work here: ${String(error).slice(0, 500)}` };
  }
}
