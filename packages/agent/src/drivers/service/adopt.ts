import { mkdir } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { Difference } from '../../adopt/differences.ts';
import { openedEnvironment } from '../../secrets/environment.ts';
import type { SupervisorAdoption } from '../../supervisor/client.ts';
import { statusOf } from '../../supervisor/systemd/systemctl.ts';
import type { DriverAdoption, DriverTools } from '../driver.ts';
import { changedSince } from './adopt-changed.ts';
import { processDifferences, readProcess } from './adopt-process.ts';
import { openFor } from './apply.ts';
import { serviceSpec } from './spec.ts';

/** A service that runs under a unit of systemd goes on under it; the next start is that of Xylem's own. */
export const adoptService: DriverAdoption = {
  keeps: ['switch', 'probe', 'commit', 'retire'],
  refusal: ({ document }, { path, unit }) => {
    const { service } = document;
    if (path === null)
      return 'neither its package nor the order says in which folder it is (adopt.path, --from)';
    if (unit === null)
      return 'neither its package nor the order says under which unit of systemd it runs (adopt.unit, --unit)';
    if (service?.switch !== undefined)
      return 'it runs as one of two instances (service.switch), and others run one';
    if (service?.hardening === undefined)
      return 'its package does not say where it may write from its next start on (service.hardening)';
    return null;
  },
  found: async (_target, { unit }, tools) => {
    if (unit === null || tools.supervisor.adoption === undefined) return [];
    const status = (await statusOf([unit])).get(unit);
    return [
      `${unit} is ${status?.active ?? 'not there'}${(status?.pid ?? 0) > 0 ? ` (process ${status?.pid})` : ''}`,
    ];
  },
  compare: async (target, source, tools) => {
    neededAdoption(tools);
    const { path, unit } = source;
    if (path === null || unit === null) return [];
    const status = (await statusOf([unit])).get(unit);
    if (status?.active !== 'active' || status.pid === 0) return [{ path: unit, what: 'does not run' }];
    const spec = serviceSpec(target, tools);
    await tools.supervisor.check(spec);
    const running = await readProcess(status.pid);
    if (running === null) return [{ path: unit, what: 'can not be looked at' }];
    const own = tools.layout.component(target.component);
    const found: Difference[] = processDifferences(running, spec, { path, tree: own.tree(target.tree) });
    found.push(...(await changedSince(path, own.text(target.tree), status.startedAt)));
    return found;
  },
  takeOver: async (target, { unit }, tools) => {
    const spec = serviceSpec(target, tools);
    await mkdir(tools.layout.component(target.component).data, { recursive: true, mode: 0o700 });
    await openFor(spec, tools);
    const secrets = openedEnvironment(target, tools, await tools.secrets.open(target));
    await neededAdoption(tools).adopt(spec, secrets, unit ?? '');
  },
  giveBack: async (component, tools) => await tools.supervisor.adoption?.disown(component),
};

function neededAdoption({ supervisor }: DriverTools): SupervisorAdoption {
  if (supervisor.adoption !== undefined) return supervisor.adoption;
  const why = 'Only services under a unit of systemd are taken over, by an agent that runs as root there.';
  throw new XylemError('E_ADOPT_UNSUPPORTED', why);
}
