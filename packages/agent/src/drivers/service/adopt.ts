import { mkdir } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { Difference } from '../../adopt/differences.ts';
import type { Placed } from '../../slot/placed.ts';
import type { SupervisorAdoption } from '../../supervisor/client.ts';
import { statusOf } from '../../supervisor/systemd/systemctl.ts';
import type { DriverAdoption, DriverTools } from '../driver.ts';
import { changedSince } from './adopt-changed.ts';
import { processDifferences, readProcess } from './adopt-process.ts';
import { runningOne, runningText, secretsOf } from './adopt-running.ts';
import { openFor } from './apply.ts';
import { serviceSpec } from './spec.ts';

/**
 * A service that runs under a unit of systemd goes on under it, and a process that nobody looks after goes on as it is;
 * the next start is that of Xylem's own.
 */
export const adoptService: DriverAdoption = {
  keeps: ['switch', 'probe', 'commit', 'retire'],
  refusal: ({ document }, { path, unit }, { supervisor: { adoption } }) => {
    const { service } = document;
    if (adoption === undefined) return 'this agent can take over no service';
    if (path === null)
      return 'neither its package nor the order says in which folder it is (adopt.path, --from)';
    if (adoption.takes === 'unit' && unit === null)
      return 'neither its package nor the order says under which unit of systemd it runs (adopt.unit, --unit)';
    if (service?.switch !== undefined)
      return 'it runs as one of two instances (service.switch), and others run one';
    if (namesData(service))
      return 'its package gives it ${data}, a folder of Xylem, in which what runs now has nothing: let its package take the folder from its configuration';
    if (adoption.takes === 'unit' && service?.hardening === undefined)
      return 'its package does not say where it may write from its next start on (service.hardening)';
    return null;
  },
  found: async (target, { path, unit }, tools) => {
    const { adoption } = tools.supervisor;
    if (adoption?.takes === 'process')
      return path === null ? [] : [await runningText(serviceSpec(target, tools), path, tools)];
    if (unit === null || adoption === undefined) return [];
    const status = (await statusOf([unit])).get(unit);
    return [
      `${unit} is ${status?.active ?? 'not there'}${(status?.pid ?? 0) > 0 ? ` (process ${status?.pid})` : ''}`,
    ];
  },
  compare: async (target, source, tools) => {
    const { path, unit } = source;
    if (path === null) return [];
    if (neededAdoption(tools).takes === 'process') {
      const spec = serviceSpec(target, tools);
      await tools.supervisor.check(spec);
      return [...(await runningOne(target, spec, path, tools)).differences];
    }
    if (unit === null) return [];
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
  takeOver: async (target, { path, unit }, tools) => {
    const spec = serviceSpec(target, tools);
    const adoption = neededAdoption(tools);
    await mkdir(tools.layout.component(target.component).data, { recursive: true, mode: 0o700 });
    await openFor(spec, tools);
    const secrets = await secretsOf(target, tools);
    if (adoption.takes === 'unit') return await adoption.adopt(spec, secrets, unit ?? '');
    const { process, differences } = await runningOne(target, spec, path ?? '', tools);
    if (differences.length > 0)
      throw new XylemError('E_ADOPT_DIFFERS', `${target.component} was not adopted: it changed meanwhile.`);
    if (process !== null) await adoption.adopt(spec, secrets, { process, path: path ?? '' });
  },
  giveBack: async (component, tools) => await tools.supervisor.adoption?.disown(component),
};

function neededAdoption({ supervisor }: DriverTools): SupervisorAdoption {
  if (supervisor.adoption !== undefined) return supervisor.adoption;
  throw new XylemError('E_ADOPT_UNSUPPORTED', 'This agent can take over no service.');
}

function namesData(service: Placed['document']['service']): boolean {
  const texts = [...(service?.command ?? []), ...Object.values(service?.environment ?? {})];
  return texts.some((text) => text.includes('${data}'));
}
