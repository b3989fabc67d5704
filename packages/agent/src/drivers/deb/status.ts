import { readdirSync, statSync } from 'node:fs';
import { XylemError } from '@xylem/core';
import { ask } from '../system-packages/commands.ts';
import type { Installed, PackageStatus } from '../system-packages/system.ts';
import { keyOf } from '../system-packages/wanted.ts';

const database = '/var/lib/dpkg';
const format =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format of dpkg-query
  '${Package} ${Architecture} ${Version} ${db:Status-Want} ${db:Status-Eflag} ${db:Status-Status}\n';

let known: { readonly at: string; readonly status: PackageStatus } | null = null;

/** Looks anew when dpkg wrote since. @throws XylemError E_DRIVER_UNSUPPORTED where there is no dpkg */
export async function packageStatus(): Promise<PackageStatus> {
  const at = written();
  if (known !== null && known.at === at) return known.status;
  const native = (await ask('dpkg', ['--print-architecture'])).output.trim();
  const listed = await ask('dpkg-query', ['--show', '--showformat', format]);
  if (listed.code !== 0) {
    throw new XylemError('E_PACKAGE_SYSTEM', `dpkg-query can't read ${database}: ${listed.output.trim()}`);
  }
  const status = { native, installed: parseStatus(listed.output, native) };
  known = { at, status };
  return status;
}

/** Reads what dpkg-query prints in `format`. Files alone count as nothing. Pure. */
function parseStatus(output: string, native: string): Map<string, Installed> {
  const installed = new Map<string, Installed>();
  for (const line of output.split('\n')) {
    const [name = '', architecture = '', version = '', want, flag, state = ''] = line.split(' ');
    if (name === '' || state === '' || state === 'not-installed' || state === 'config-files') continue;
    const whole = flag === 'ok' && state === 'installed';
    installed.set(keyOf(name, architecture, native), {
      package: name,
      architecture,
      version,
      held: want === 'hold',
      whole,
    });
  }
  return installed;
}

/** Whether dpkg was broken off while it wrote its database: then nothing else can be asked of it. */
export function isInterrupted(): boolean {
  return updates().some((name) => /^[0-9]+$/.test(name));
}

export function hasDpkg(): boolean {
  return statSync(`${database}/status`, { throwIfNoEntry: false }) !== undefined;
}

function written(): string {
  const { dev, ino, size, mtimeNs } = statSync(`${database}/status`, { bigint: true });
  return [dev, ino, size, mtimeNs, ...updates()].join(' ');
}

function updates(): string[] {
  try {
    return readdirSync(`${database}/updates`);
  } catch {
    return [];
  }
}
