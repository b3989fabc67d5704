import { mkdir } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { fillPort, XylemError } from '@xylem/core';
import { findProgram } from '../../commands/program.ts';
import { routerOf } from '../../router/index.ts';
import { openedEnvironment } from '../../secrets/environment.ts';
import { accountOf } from '../../supervisor/account.ts';
import type { ServiceSpec } from '../../supervisor/protocol.ts';
import type { Driver, DriverTools, StepAction } from '../driver.ts';
import { isTakenAgain } from './adopt-again.ts';
import { openTo } from './own-user.ts';
import { placesOf } from './places.ts';
import { requireFreePorts } from './ports.ts';
import { probeService } from './probing.ts';
import { serviceSpec } from './spec.ts';
import { drain, forgetWarm, route, unapply } from './traffic.ts';

const preflight: StepAction<'preflight'> = async ({ target, side }, component, tools) => {
  const own = tools.layout.component(component);
  await mkdir(own.data, { recursive: true, mode: 0o700 });
  const spec = serviceSpec(target, tools, side);
  // Before anything is stopped: without its key, what runs goes on.
  openedEnvironment(target, { ...tools, port: side?.port }, await tools.secrets.open(target));
  await tools.supervisor.check(spec);
  await openFor(spec, tools);
  const [program = ''] = spec.command;
  if (isAbsolute(program) && findProgram(program) === null) {
    throw new XylemError(
      'E_SERVICE_START',
      `${component} ${target.version}: ${program} is no file that can be executed; check its command`,
    );
  }
  const running = (await tools.supervisor.list()).filter((state) => state.component === component);
  if (side !== undefined) {
    // A new version is not started for a router that can't lead to it.
    await routerOf(target, tools)?.show();
    const hasSide = running.some(({ instance }) => instance === side.service);
    if (!hasSide) await requireFreePorts(target.component, [side.port]);
    return;
  }
  // While its own former version listens, the port can't be judged.
  const places = placesOf(target, tools);
  if (running.length === 0)
    await requireFreePorts(
      target.component,
      (target.document.ports ?? []).map((port) => fillPort(port, places)),
    );
};

const stop: StepAction<'stop'> = async ({ stopTimeoutMs, service }, component, tools) => {
  await tools.supervisor.stop(service ?? component, stopTimeoutMs);
  await forgetWarm(service ?? component, component, tools);
};

const start: StepAction<'start'> = async ({ target, side }, component, tools) => {
  const opened = await tools.secrets.open(target);
  const secrets = openedEnvironment(target, { ...tools, port: side?.port }, opened);
  const spec = serviceSpec(target, tools, side);
  const present = (await tools.supervisor.list()).find(({ instance }) => instance === side?.service);
  // What begins anew is no more what was kept for a return.
  if (side !== undefined && present?.fingerprint !== spec.fingerprint)
    await forgetWarm(side.service, component, tools);
  await openFor(spec, tools);
  if (await isTakenAgain(target, side ?? null, spec, secrets, tools)) return;
  await tools.supervisor.start(spec, secrets);
};

/** Lets the user of a service come to its files. */
export async function openFor({ component, terms }: ServiceSpec, { layout }: DriverTools): Promise<void> {
  const account = accountOf(terms ?? {});
  if (account !== null) await openTo(account, layout, component);
}

export const applyService: Driver['apply'] = {
  preflight,
  stop,
  unapply,
  start,
  probe: probeService,
  route,
  drain,
};
