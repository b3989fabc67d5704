import { accessSync, constants, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { isAbsolute } from 'node:path';
import { fillPort, XylemError } from '@xylem/core';
import { healthCheckOf } from '../../health/check.ts';
import { probe } from '../../health/probe.ts';
import { openedEnvironment } from '../../secrets/environment.ts';
import type { Placed } from '../../slot/placed.ts';
import { accountOf } from '../../supervisor/account.ts';
import type { ServiceOutput } from '../../supervisor/output.ts';
import type { ServiceSpec } from '../../supervisor/protocol.ts';
import type { Driver, DriverTools, StepAction } from '../driver.ts';
import { openTo } from './own-user.ts';
import { placesOf } from './places.ts';
import { serviceSpec } from './spec.ts';

const preflight: StepAction<'preflight'> = async ({ target }, component, tools) => {
  const own = tools.layout.component(component);
  await mkdir(own.data, { recursive: true, mode: 0o700 });
  const spec = serviceSpec(target, tools);
  // Before anything is stopped: without its key, what runs goes on.
  openedEnvironment(target, tools, await tools.secrets.open(target));
  await tools.supervisor.check(spec);
  await openFor(spec, tools);
  const [program = ''] = spec.command;
  if (isAbsolute(program) && !isExecutable(program)) {
    throw new XylemError(
      'E_SERVICE_START',
      `${component} ${target.version}: ${program} is no file that can be executed; check its command`,
    );
  }
  const running = (await tools.supervisor.list()).find((state) => state.component === component);
  // While its own former version listens, the port can't be judged.
  if (running === undefined) await checkPorts(target, tools);
};

const stop: StepAction<'stop'> = async ({ stopTimeoutMs, service }, component, { supervisor }) => {
  await supervisor.stop(service ?? component, stopTimeoutMs);
};

const start: StepAction<'start'> = async ({ target }, _component, tools) => {
  const secrets = openedEnvironment(target, tools, await tools.secrets.open(target));
  const spec = serviceSpec(target, tools);
  await openFor(spec, tools);
  await tools.supervisor.start(spec, secrets);
};

/** What it wrote goes into a report, and what is sealed must not. */
async function outputWithoutSecrets(target: Placed, tools: DriverTools): Promise<ServiceOutput> {
  const { where, last } = await tools.supervisor.output(target.component);
  const secrets = openedEnvironment(target, tools, await tools.secrets.open(target));
  const values = Object.values(secrets).filter((value) => value !== '');
  return { where, last: values.reduce((text, value) => text.replaceAll(value, '(sealed)'), last) };
}

async function openFor({ component, terms }: ServiceSpec, { layout }: DriverTools): Promise<void> {
  const account = accountOf(terms ?? {});
  if (account !== null) await openTo(account, layout, component);
}

const probeService: StepAction<'probe'> = async ({ target }, component, tools) => {
  await probe({
    component,
    version: target.version,
    check: healthCheckOf(target, tools),
    output: () => outputWithoutSecrets(target, tools),
    state: async () => (await tools.supervisor.list()).find(({ instance }) => instance === component) ?? null,
    clock: tools.clock,
    signal: tools.signal,
  });
};

export const applyService: Driver['apply'] = { preflight, stop, start, probe: probeService };

async function checkPorts(target: Placed, tools: DriverTools): Promise<void> {
  const places = placesOf(target, tools);
  for (const port of target.document.ports ?? []) {
    const number = fillPort(port, places);
    if (!(await isTaken(number))) continue;
    throw new XylemError(
      'E_PORT_IN_USE',
      `${target.component} needs port ${number}, and another program has it.`,
      {
        details: { port: number },
      },
    );
  }
}

/** Whether anything accepts connections there now. */
function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const end = (taken: boolean): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
