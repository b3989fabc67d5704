import { lstat } from 'node:fs/promises';
import { codedFault } from '../converge/faults.ts';
import type { Drivers, DriverTools } from '../drivers/driver.ts';
import type { Placed } from '../slot/placed.ts';
import type { AdoptSource } from './adoptions.ts';

/** What is at the places that a package names, in a few words each. Reads only; what keeps it from being looked at says so. */
export async function foundOf(
  placed: Placed,
  source: AdoptSource,
  tools: DriverTools & { readonly drivers: Drivers },
): Promise<string[]> {
  const { adoption } = tools.drivers[placed.kind];
  try {
    const inFolder = source.path === null ? [] : [await folderText(source.path)];
    return [...inFolder, ...((await adoption?.found(placed, source, tools)) ?? [])];
  } catch (error) {
    return [`not looked at (${codedFault(error, 'looking').message})`];
  }
}

async function folderText(path: string): Promise<string> {
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return `${path} is not there`;
  return stat.isDirectory() ? `${path} is a folder` : `${path} is no folder`;
}
