import { rm } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import { routerOf } from '../../router/index.ts';
import type { Router } from '../../router/router.ts';
import type { Placed } from '../../slot/placed.ts';
import type { DriverTools, StepAction } from '../driver.ts';
import { momentNow, warmFile } from './bake.ts';
import { timesOf } from './blue-green.ts';

const drainLookMs = 100;

export const route: StepAction<'route'> = async ({ target, side }, component, tools) => {
  await needed(target, tools).route(side.port);
  tools.log.info('traffic goes to', { component, version: target.version, service: side.service });
};

/**
 * What is kept stands durably before it is waited for, with the time at which its bake began: a crash makes no bake
 * longer.
 */
export const drain: StepAction<'drain'> = async ({ target, from, fingerprint, bake }, component, tools) => {
  const { bakeMs, drainMs } = timesOf(target);
  const { clock } = tools;
  const file = warmFile(tools.layout.component(component).warm, tools.log);
  if (bake) {
    const known = await file.read();
    const isSame = known?.service === from.service && known.fingerprint === fingerprint;
    if (!isSame)
      await file.write({ service: from.service, fingerprint, bakeMs, since: momentNow(clock.now()) });
  }
  const router = needed(target, tools);
  const deadlineMs = clock.monotonicMs() + drainMs;
  for (;;) {
    const open = await router.connections(from.port).catch(() => null);
    if (open === 0) return;
    const leftMs = deadlineMs - clock.monotonicMs();
    if (leftMs <= 0) {
      tools.log.info('not all connections ended in time', { component, service: from.service, open });
      return;
    }
    await clock.sleep(Math.min(drainLookMs, leftMs), tools.signal);
  }
};

export const unapply: StepAction<'unapply'> = async ({ placed }, component, tools) => {
  try {
    if (placed !== null) await routerOf(placed, tools)?.release();
  } catch (error) {
    // A router that is gone must not keep the component from going.
    if (!(error instanceof XylemError) || error.code !== 'E_ROUTER') throw error;
    tools.log.warn('the router could not be told', { component, cause: error });
  }
};

/** One that was stopped, or begins anew, is no more what was kept for a return. */
export async function forgetWarm(
  service: string,
  component: string,
  { layout, log }: DriverTools,
): Promise<void> {
  const { warm } = layout.component(component);
  if ((await warmFile(warm, log).read())?.service === service) await rm(warm, { force: true });
}

function needed(target: Placed, tools: DriverTools): Router {
  const router = routerOf(target, tools);
  if (router !== null) return router;
  throw new XylemError('E_INTERNAL', `${target.component} has no router.`);
}
