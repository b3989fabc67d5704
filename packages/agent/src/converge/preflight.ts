import { readFile, statfs } from 'node:fs/promises';
import { freemem, release } from 'node:os';
import { dirname } from 'node:path';
import { XylemError } from '@xylem/core';
import { findProgram } from '../commands/program.ts';
import type { DriverTools } from '../drivers/driver.ts';
import type { Placed } from '../slot/placed.ts';

/** What this machine has, as looked at just now. */
export interface Machine {
  readonly diskFreeBytes: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly has: (program: string) => boolean;
}

/**
 * Looks whether the machine has what the package asks for. @throws XylemError E_PREFLIGHT that names all that is missing
 */
export async function checkPreflight(
  { component, version, document }: Placed,
  tools: DriverTools,
): Promise<void> {
  const { preflight } = document;
  if (preflight === undefined) return;
  const missing = missingFor(preflight, await machineAt(tools.layout.component(component).folder));
  if (missing.length === 0) return;
  throw new XylemError(
    'E_PREFLIGHT',
    `${component} ${version} needs what this host does not have: ${missing.join('; ')}. Nothing was touched.`,
    { retry: 'later' },
  );
}

/** In words. Pure. */
export function missingFor(
  { diskFreeBytes = 0, memoryBytes = 0, kernel, commands = [] }: NonNullable<Placed['document']['preflight']>,
  machine: Machine,
): string[] {
  const missing: string[] = [];
  if (machine.diskFreeBytes < diskFreeBytes)
    missing.push(`${diskFreeBytes} bytes free on its disk, and there are ${machine.diskFreeBytes}`);
  if (machine.memoryBytes < memoryBytes)
    missing.push(`${memoryBytes} bytes of available memory, and there are ${machine.memoryBytes}`);
  if (kernel !== undefined && !isKernel(machine.kernel, kernel))
    missing.push(`a kernel ${kernel}, and this one is ${machine.kernel}`);
  const absent = commands.filter((name) => !machine.has(name));
  if (absent.length > 0)
    missing.push(`the program${absent.length === 1 ? '' : 's'} ${absent.join(', ')} on its PATH`);
  return missing;
}

function isKernel(found: string, range: string): boolean {
  const [major = 0, minor = 0] = numbersOf(found);
  const [neededMajor = 0, neededMinor = 0] = numbersOf(range);
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

const numbersOf = (text: string): number[] => (text.match(/\d+/g) ?? []).slice(0, 2).map(Number);

async function machineAt(folder: string): Promise<Machine> {
  const { bavail, bsize } = await statfs(folder).catch(() => statfs(dirname(folder)));
  return {
    diskFreeBytes: bavail * bsize,
    memoryBytes: await availableMemory(),
    kernel: release(),
    has: (program) => findProgram(program) !== null,
  };
}

/** What programs can still take without swapping: caches count, other than in `freemem`. */
async function availableMemory(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
}
