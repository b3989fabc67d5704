import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lacking } from './account.ts';
import type { ServiceLimits } from './terms.ts';

/** A control group of the kernel in which a service is held to its limits, with all that it starts. */
export interface LimitGroup {
  add(pid: number): void;
  /** How often the kernel ended one of its processes for want of memory. */
  memoryKills(): number;
  /** Once its processes have ended; one that still has some is left for the next attempt. */
  remove(): void;
}

type Held = 'memory' | 'cpu' | 'pids';
const periodUs = 100_000;
const parent = 'xylem';

/**
 * Makes the group, or takes the one that is there.
 * @returns null when none of the limits need one
 * @throws XylemError E_DRIVER_UNSUPPORTED when this process can't hold anything to them here
 */
export function limitGroup(name: string, limits: ServiceLimits): LimitGroup | null {
  const held = heldBy(limits);
  if (held.length === 0) return null;
  const mounts = hierarchies();
  const folders = new Map<Held, string>();
  try {
    for (const controller of held) {
      const mount = mounts.get(controller);
      if (mount === undefined) throw new Error(`the kernel offers no controller ${controller}`);
      folders.set(controller, made(mount, name, controller));
    }
    for (const [controller, folder] of folders) limit(controller, folder, limits);
  } catch (error) {
    for (const folder of folders.values()) removeFolder(folder);
    const why = error instanceof Error ? error.message : String(error);
    throw lacking(
      `be held to ${held.join(', ')}`,
      `that needs systemd, or an agent that runs as root and may make control groups (${why})`,
    );
  }
  return {
    add: (pid) => {
      for (const folder of new Set(folders.values()))
        writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    },
    memoryKills: () => memoryKills(folders.get('memory')),
    remove: () => {
      for (const folder of folders.values()) removeFolder(folder);
    },
  };
}

function heldBy({ memoryBytes, cpuPercent, processes }: ServiceLimits): Held[] {
  const asked = { memory: memoryBytes, cpu: cpuPercent, pids: processes };
  return (Object.keys(asked) as Held[]).filter((controller) => asked[controller] !== undefined);
}

/** Where each controller is mounted: one folder for all (version 2), or one for each. */
function hierarchies(): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, at = '', type, options = ''] = line.split(' ');
    if (type === 'cgroup') for (const option of options.split(',')) found.set(option, at);
    if (type !== 'cgroup2' || !existsSync(join(at, 'cgroup.controllers'))) continue;
    const own = readFileSync(join(at, 'cgroup.controllers'), 'utf8').trim().split(' ');
    for (const controller of own) if (controller !== '') found.set(controller, at);
  }
  return found;
}

function made(mount: string, name: string, controller: Held): string {
  const above = join(mount, parent);
  mkdirSync(above, { recursive: true });
  if (existsSync(join(mount, 'cgroup.subtree_control'))) {
    // Version 2: each level says what those below it may be held to.
    for (const level of [mount, above])
      writeFileSync(join(level, 'cgroup.subtree_control'), `+${controller}`);
  }
  const folder = join(above, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function limit(controller: Held, folder: string, limits: ServiceLimits): void {
  const isSecond = existsSync(join(folder, 'cgroup.controllers'));
  const write = (file: string, value: string | number): void =>
    writeFileSync(join(folder, file), String(value));
  const { memoryBytes = 0, cpuPercent = 0, processes = 0 } = limits;
  const quotaUs = Math.max(1_000, Math.round((periodUs * cpuPercent) / 100));
  if (controller === 'pids') write('pids.max', processes);
  else if (controller === 'memory') write(isSecond ? 'memory.max' : 'memory.limit_in_bytes', memoryBytes);
  else if (isSecond) write('cpu.max', `${quotaUs} ${periodUs}`);
  else {
    write('cpu.cfs_period_us', periodUs);
    write('cpu.cfs_quota_us', quotaUs);
  }
}

function memoryKills(folder: string | undefined): number {
  if (folder === undefined) return 0;
  for (const file of ['memory.events', 'memory.oom_control']) {
    try {
      return Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(folder, file), 'utf8'))?.[1] ?? 0);
    } catch {
      // The other version's file.
    }
  }
  return 0;
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or a process of it is just ending.
  }
}
