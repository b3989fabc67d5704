import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Cleanup, removeLater } from '../cleanup.ts';
import { run } from '../run.ts';
import { type StartedProcess, startProcess } from '../start-process.ts';
import { tempFolder } from '../temp-folder.ts';
import type { Unavailable } from '../unavailable.ts';
import { waitUntil } from '../wait-until.ts';
import { guestGroup } from './cgroup.ts';
import { guestLayers } from './tree.ts';

export interface GuestOptions {
  readonly name: string;
  /** `own` (default): a loopback and nothing else; `host`: this machine's; else the name of a network namespace. */
  readonly network?: 'own' | 'host' | { readonly namespace: string };
  /** Default 600 MiB. */
  readonly memoryBytes?: number;
  /** Further Debian packages. */
  readonly packages?: readonly string[];
  /** Its units may run containers: all of its controllers can be written, before the first of them starts. */
  readonly containers?: boolean;
  /** Further folders or files of this machine, by their place in the guest. */
  readonly binds?: Readonly<Record<string, { readonly from: string; readonly writable?: boolean }>>;
}

export interface GuestExec {
  /** A user of the guest; default root. */
  readonly user?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface Guest {
  readonly name: string;
  /** Its root folder as this machine sees it; /run, /tmp, /proc and what is bound are seen from inside only. */
  readonly root: string;
  /** Runs a command inside, outside of its units, to its end, whatever it ends with. No shell. */
  exec(
    command: readonly string[],
    options?: GuestExec,
  ): Promise<{ code: number; stdout: string; stderr: string }>;
  /** As `exec`; rejects when the command fails. @returns its stdout without the last line break */
  run(command: readonly string[], options?: GuestExec): Promise<string>;
  write(path: string, text: string, mode?: number): Promise<void>;
  /** Asks its systemd to reboot, and waits until it has. */
  reboot(): Promise<void>;
  /** Waits until it reboots without having been asked to here. */
  rebooted(): Promise<void>;
  /** SIGKILL to its process 1: everything in it dies at once. */
  powerOff(): Promise<void>;
  /** Boots the same disk after `powerOff`. */
  boot(): Promise<void>;
}

const checkout = join(import.meta.dirname, '..', '..', '..', '..');
const bootMs = 90_000;
const rebootCode = 133;
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** What Node made of the checkout's sources, kept for all guests: half of the time that a program takes to start. */
const compileCache = '/var/cache/node';
const { XYLEM_TEST_MAINS } = process.env;
const environment = {
  PATH: path,
  LANG: 'C.UTF-8',
  HOME: '/root',
  NODE_COMPILE_CACHE: compileCache,
  ...(XYLEM_TEST_MAINS === undefined ? {} : { XYLEM_TEST_MAINS }),
};
/** Joins the groups named before `--`; nspawn needs a /run of its own, or a reboot of the guest fails. */
const enter = `while [ "$1" != -- ]; do echo $$ >"$1" || exit 1; shift; done; shift
mount -t tmpfs tmpfs /run || exit 1
exec "$@"`;
const dividing = `[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=sh -c 'for at in /sys/fs/cgroup/*/; do mount -o remount,bind,rw,nosuid,nodev,noexec "$at"; done; :'
[Install]
WantedBy=sysinit.target
`;
const xylem = '#!/bin/sh\nexec /usr/local/bin/node /opt/xylem/dist/xylem.js "$@"\n';

const alive = new Set<number>();
process.on('exit', () => {
  // Killing nspawn alone would leave the guest running.
  for (const pid of alive) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended in between.
    }
  }
});

/** Boots a Debian host with systemd, ended and removed with `context`; or says why there can be none here. */
export async function bootGuest(context: Cleanup, options: GuestOptions): Promise<Guest | Unavailable> {
  const lower = await guestLayers(options.packages ?? []);
  if ('skip' in lower) return lower;
  const folder = await tempFolder(context, `guest-${options.name}`);
  const [upper, work, root] = [join(folder, 'upper'), join(folder, 'work'), join(folder, 'root')];
  for (const made of [upper, work, root]) await mkdir(made, { mode: 0o755 });
  // Not `user_xattr` or the like: what a guest may do with its disk is what Debian does.
  try {
    const layers = `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`;
    await run('/usr/bin/mount', ['-t', 'overlay', 'overlay', '-o', layers, root]);
  } catch (error) {
    return { skip: `overlayfs can't be mounted here: ${String(error).slice(0, 300)}` };
  }
  removeLater(context, async () => {
    await run('/usr/bin/umount', ['-l', root]);
  });
  await writeFile(join(root, 'etc/hostname'), `${options.name}\n`);
  await mkdir(join(root, 'opt/xylem'), { recursive: true });
  await writeFile(join(root, 'usr/local/bin/node'), '');
  await writeFile(join(root, 'usr/local/bin/xylem'), xylem);
  await chmod(join(root, 'usr/local/bin/xylem'), 0o755);

  if (options.containers === true) {
    const units = join(root, 'etc/systemd/system');
    await mkdir(join(units, 'sysinit.target.wants'), { recursive: true });
    await writeFile(join(units, 'guest-groups.service'), dividing);
    await symlink('../guest-groups.service', join(units, 'sysinit.target.wants/guest-groups.service'));
  }

  const unique = `xylem-${options.name}-${randomUUID().slice(0, 8)}`;
  const group = await guestGroup(unique, options.memoryBytes ?? 600 * 2 ** 20);
  removeLater(context, () => group.remove());
  const compiled = join(dirname(lower[0] ?? ''), 'node-cache');
  await mkdir(compiled, { recursive: true });
  const binds = {
    [compileCache]: { from: compiled, writable: true },
    '/opt/xylem': { from: checkout },
    '/usr/local/bin/node': { from: process.execPath },
    ...options.binds,
  };
  const { network = 'own' } = options;
  const shell = ['sh', '-c', enter, 'sh', ...group.procs, '--'];
  const machineWords = ['--register=no', '--keep-unit', '--console=pipe', '-D', root, '-M', unique, '-b'];
  const inMachine = [
    'unshare',
    '-m',
    '--propagation',
    'private',
    ...shell,
    'systemd-nspawn',
    '-q',
    ...machineWords,
  ];
  const nspawn = [
    ...(typeof network === 'object' ? ['nsenter', `--net=/run/netns/${network.namespace}`] : []),
    ...inMachine,
    ...(network === 'own' ? ['--private-network'] : []),
    ...Object.entries(binds).map(
      ([at, { from, ...bind }]) =>
        `--bind${'writable' in bind && bind.writable === true ? '' : '-ro'}=${from}:${at}`,
    ),
  ];

  let machine: { readonly nspawn: StartedProcess; readonly init: number } | null = null;
  const init = (): number => {
    if (machine === null) throw new Error(`${options.name} is off`);
    return machine.init;
  };
  const exec: Guest['exec'] = (command, more = {}) => {
    const inside = ['-t', String(init()), '-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w', '--'];
    const words = more.user === undefined ? command : ['runuser', '-u', more.user, '--', ...command];
    const settings = {
      env: { ...environment, ...more.env },
      timeout: more.timeoutMs ?? 60_000,
      killSignal: 'SIGKILL' as const,
      maxBuffer: 64 * 2 ** 20,
    };
    return new Promise((resolve, reject) => {
      execFile('/usr/bin/nsenter', [...inside, ...words], settings, (error, stdout, stderr) => {
        if (error === null) resolve({ code: 0, stdout, stderr });
        else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
        else reject(new Error(`${command.join(' ')}: ${error.message}\n${stdout}\n${stderr}`));
      });
    });
  };
  const boot = async (): Promise<void> => {
    if (machine !== null) throw new Error(`${options.name} runs already`);
    const [command = '', ...args] = nspawn;
    const own = await startProcess({ context, command, args, env: { PATH: path } });
    const pid = await waitUntil(() => initOf(own.pid), bootMs, `${options.name}'s systemd: ${own.stderr()}`);
    alive.add(pid);
    machine = { nspawn: own, init: pid };
    const isUp = async (): Promise<boolean> => {
      const { stdout } = await exec(['systemctl', 'is-system-running']).catch(() => ({ stdout: '' }));
      return /^(running|degraded)/.test(stdout);
    };
    await waitUntil(isUp, bootMs, `${options.name} to boot: ${own.stdout().slice(-2000)}`);
    // nspawn mounts these read-only; in a group of its own a guest may divide what it has.
    for (const controller of ['memory', 'pids', 'cpu']) {
      const at = `/sys/fs/cgroup/${controller}`;
      await exec(['mount', '-o', 'remount,bind,rw,nosuid,nodev,noexec', at]);
    }
    await exec(['systemctl', 'daemon-reexec']);
  };
  const ended = async (): Promise<number | null> => {
    if (machine === null) return null;
    const { code } = await machine.nspawn.exited;
    alive.delete(machine.init);
    machine = null;
    return code;
  };
  const powerOff = async (): Promise<void> => {
    if (machine === null) return;
    if (existsSync(`/proc/${machine.init}`)) process.kill(machine.init, 'SIGKILL');
    await ended();
  };
  const rebooted = async (): Promise<void> => {
    const code = await ended();
    if (code !== rebootCode) throw new Error(`${options.name} ended with ${code} instead of rebooting`);
    await boot();
  };
  removeLater(context, powerOff);
  await boot();

  return {
    name: options.name,
    root,
    exec,
    run: async (command, more) => {
      const { code, stdout, stderr } = await exec(command, more);
      if (code === 0) return stdout.trimEnd();
      throw new Error(`${options.name}: ${command.join(' ')} ended with ${code}\n${stdout}\n${stderr}`);
    },
    write: async (file, text, mode = 0o644) => {
      const place = join(root, file);
      await mkdir(dirname(place), { recursive: true });
      await writeFile(place, text);
      await chmod(place, mode);
    },
    reboot: async () => {
      // It ends under the command that asks for it.
      await exec(['systemctl', 'reboot']).catch(() => undefined);
      await rebooted();
    },
    rebooted,
    powerOff,
    boot,
  };
}

/** The child of nspawn that is process 1 of its own namespace, once it is systemd. */
function initOf(nspawn: number): number | null {
  try {
    const children = readFileSync(`/proc/${nspawn}/task/${nspawn}/children`, 'utf8').trim().split(' ');
    for (const child of children.map(Number)) {
      const inside = /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1];
      const program = readFileSync(`/proc/${child}/comm`, 'utf8').trim();
      if (inside === '1' && program === 'systemd') return child;
    }
  } catch {
    // It begins, or ends.
  }
  return null;
}
