import { access } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import { stateLayout } from '../state/layout.ts';
import { lockHolder } from '../state/lock.ts';
import { hasSettled, type OrderOptions, orderRevert, type Return, undoRevert } from './order.ts';

export interface ReturnOptions extends OrderOptions {
  /** Null: undo the return that was ordered before. */
  readonly order: { readonly reason: string; readonly by: string } | null;
  /** How long a running agent is waited for. */
  readonly waitMs: number;
}

/**
 * Takes a product back on this host, or follows direction with it again, without any server.
 * @returns where each component goes (empty for an undo), and how far it is: `done`; `under way` after `waitMs`; `agent
 *   is down`: it is done when the agent starts
 * @throws XylemError E_NOT_JOINED, E_NOT_FOUND, E_CONFLICT
 */
export async function returnProduct(
  options: ReturnOptions,
): Promise<{ readonly returns: readonly Return[]; readonly state: 'done' | 'under way' | 'agent is down' }> {
  const { stateFolder, product, order, clock, log, waitMs } = options;
  const layout = stateLayout(stateFolder);
  if (!(await exists(layout.identity))) {
    throw new XylemError('E_NOT_JOINED', `${stateFolder} is no state folder of a host.`);
  }
  const returns = order === null ? [] : await orderRevert({ ...options, ...order });
  if (order === null) await undoRevert(options);
  const endMs = clock.monotonicMs() + waitMs;
  while (!(await hasSettled(layout, product, log))) {
    if ((await lockHolder(layout.lock)) === null) return { returns, state: 'agent is down' };
    if (clock.monotonicMs() > endMs) return { returns, state: 'under way' };
    await clock.sleep(100);
  }
  return { returns, state: 'done' };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
