import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { XylemError } from '@xylem/core';
import type { Placed } from '../slot/placed.ts';
import type { AdoptionOrder } from './adoption-file.ts';
import type { AdoptSource } from './adoptions.ts';

/** Where it runs now: by a person on this host, else by its publisher. Pure. */
export function sourceOf({ document }: Placed, order: AdoptionOrder): AdoptSource {
  const { adopt = {} } = document;
  return {
    path: order.from ?? adopt.path ?? null,
    unit: order.unit ?? adopt.unit ?? null,
    container: order.container ?? adopt.container ?? null,
    apart: order.apart ?? adopt.apart ?? [],
  };
}

const systemFolders = ['/proc', '/sys', '/dev'];

/**
 * Nothing of the system, and nothing of this program's own, is taken for a component.
 * @throws XylemError E_ADOPT_DENIED
 */
export async function refuseSource({ path }: AdoptSource, stateFolder: string): Promise<void> {
  if (path === null) return;
  const real = await realpath(path).catch(() => path);
  const state = await realpath(stateFolder);
  const isIn = (a: string, b: string): boolean => a === b || a.startsWith(b.endsWith(sep) ? b : `${b}${sep}`);
  const isSystem = real === '/' || systemFolders.some((folder) => isIn(real, folder));
  if (!isSystem && !isIn(real, state) && !isIn(state, real)) return;
  throw new XylemError('E_ADOPT_DENIED', `${path} can't be adopted: it belongs to the system or to Xylem.`);
}
