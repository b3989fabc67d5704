import { join } from 'node:path';
import { switchDefaults, XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { runForComponent } from '../../commands/component-run.ts';
import { lastWords } from '../../commands/record.ts';
import { healthCheckOf } from '../../health/check.ts';
import { probe } from '../../health/probe.ts';
import { openedEnvironment } from '../../secrets/environment.ts';
import { withoutValues } from '../../secrets/without.ts';
import type { Placed } from '../../slot/placed.ts';
import type { ServiceOutput } from '../../supervisor/output.ts';
import type { DriverTools, StepAction } from '../driver.ts';
import type { Side } from './sides.ts';
import { commandOf, serviceSpec } from './spec.ts';

export const probeService: StepAction<'probe'> = async ({ target, side, as }, component, tools) => {
  const service = side?.service ?? component;
  const places = { ...tools, port: side?.port };
  const check = healthCheckOf(target, places);
  if (as === 'warm' && side !== undefined && check !== null) {
    const fault = await check.look(tools.signal);
    if (fault === null) return;
    // It has no traffic: what was kept and is not well is begun anew before any comes.
    tools.log.warn('what was kept warm is not well, starting it anew', { component, service, fault });
    const spec = serviceSpec(target, tools, side);
    await tools.supervisor.stop(side.service, spec.stopTimeoutMs);
    await tools.supervisor.start(spec, openedEnvironment(target, places, await tools.secrets.open(target)));
  }
  await probe({
    component,
    version: target.version,
    check,
    notifies: target.document.service?.type === 'notify',
    output: () => outputWithoutSecrets(target, service, places),
    state: async () => (await tools.supervisor.list()).find(({ instance }) => instance === service) ?? null,
    clock: tools.clock,
    signal: tools.signal,
  });
  if (as === undefined && side !== undefined) await smoke(target, side, component, tools);
};

/** What it wrote goes into a report, and what is sealed must not. */
async function outputWithoutSecrets(
  target: Placed,
  service: string,
  places: DriverTools,
): Promise<ServiceOutput> {
  const { where, last } = await places.supervisor.output(service);
  const opened = await places.secrets.open(target);
  // One may be a part of a variable, and be written by itself.
  const values = [...Object.values(openedEnvironment(target, places, opened)), ...opened.values()];
  return { where, last: withoutValues(last, values) };
}

/** @throws XylemError E_HEALTH_FAILED with what it printed, of which the newest also lies in a file */
async function smoke(target: Placed, side: Side, component: string, tools: DriverTools): Promise<void> {
  const block = target.document.service?.switch?.smoke;
  if (block === undefined) return;
  const { timeoutMs = switchDefaults.smokeTimeoutMs } = block;
  const command = commandOf(block.command, target, { ...tools, port: side.port });
  const workingFolder = tools.layout.component(component).tree(target.tree);
  const run = { what: 'smoke test', command, workingFolder, timeoutMs };
  const { fault, output } = await runForComponent(component, run, tools);
  const path = join(tools.layout.logs, `${component}.smoke.log`);
  const heading = `${target.version}: ${fault ?? 'it ended well'}`;
  // For people; a full disk must not decide about a version.
  await writeFileAtomic(path, `${heading}\n${output}`, { mode: 0o600 }).catch(() => undefined);
  if (fault === null) return;
  throw new XylemError(
    'E_HEALTH_FAILED',
    `${component} ${target.version}: its smoke test ${fault}: ${lastWords(output, 1_500)}. All of it is in ${path}`,
    { retry: 'never' },
  );
}
