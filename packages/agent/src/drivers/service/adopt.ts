import { mkdir } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import type { Difference } from '../../adopt/differences.ts';
import type { Placed } from '../../slot/placed.ts';
import type { SupervisorAdoption } from '../../supervisor/client.ts';
import { statusOf } from '../../supervisor/systemd/systemctl.ts';
import type { DriverAdoption, DriverTools } from '../driver.ts';
import { changedSince } from './adopt-changed.ts';
import { processDifferences, readProcess } from './adopt-process.ts';
import { runningText, runsNow, secretsOf } from './adopt-running.ts';
import { openFor } from './apply.ts';
import { serviceSpec } from './spec.ts';

/**
 * A service that runs under a unit of systemd goes on under it, and a process that nobody looks after goes on as it is;
 * the next start is that of Xylem's own.
 */
export const adoptService: DriverAdoption = {
  keeps: ['switch', 'probe', 'commit', 'retire'],
  // The plan would probe the side that is free; `compare` looks at the one that runs.
  omits: ({ document }) => (document.service?.switch === undefined ? [] : ['probe']),
  refusal: ({ document }, { path, unit }, { supervisor: { adoption } }) => {
    const { service } = document;
    if (adoption === undefined) return 'this agent can take over no service';
    if (path === null)
      return 'neither its package nor the order says in which folder it is (adopt.path, --from)';
    if (adoption.takes === 'unit' && unit === null)
      return 'neither its package nor the order says under which unit of systemd it runs (adopt.unit, --unit)';
    if (
      service?.switch !== undefined &&
      (adoption.takes === 'unit' || service.switch.router.builtin !== undefined)
    )
      return adoption.takes === 'unit'
        ? 'it runs as one of two instances (service.switch), and a unit of others is one'
        : "its router is Xylem's own (service.switch.router.builtin), which leads nobody to what others started";
    if (namesData(service))
      return 'its package gives it ${data}, a folder of Xylem, in which what runs now has nothing: let its package take the folder from its configuration';
    if (adoption.takes === 'unit' && service?.hardening === undefined)
      return 'its package does not say where it may write from its next start on (service.hardening)';
    return null;
  },
  found: async (target, { path, unit }, tools) => {
    const { adoption } = tools.supervisor;
    if (adoption?.takes === 'process') return path === null ? [] : [await runningText(target, path, tools)];
    if (unit === null || adoption === undefined) return [];
    const status = (await statusOf([unit])).get(unit);
    return [
      `${unit} is ${status?.active ?? 'not there'}${(status?.pid ?? 0) > 0 ? ` (process ${status?.pid})` : ''}`,
    ];
  },
  compare: async (target, source, tools) => {
    const { path, unit } = source;
    if (path === null) return [];
    if (neededAdoption(tools).takes === 'process')
      return [...(await runsNow(target, path, tools)).differences];
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
    const adoption = neededAdoption(tools);
    await mkdir(tools.layout.component(target.component).data, { recursive: true, mode: 0o700 });
    if (adoption.takes === 'unit') {
      const spec = serviceSpec(target, tools);
      await openFor(spec, tools);
      return await adoption.adopt(spec, await secretsOf(target, null, tools), unit ?? '');
    }
    const { spec, side, process, differences } = await runsNow(target, path ?? '', tools);
    if (differences.length > 0)
      throw new XylemError('E_ADOPT_DIFFERS', `${target.component} was not adopted: it changed meanwhile.`);
    if (process === null || spec === null) return;
    await openFor(spec, tools);
    await adoption.adopt(spec, await secretsOf(target, side, tools), { process, path: path ?? '' });
  },
  giveBack: async (component, tools) => {
    const { adoption } = tools.supervisor;
    if (adoption?.takes !== 'process') return await adoption?.disown(component);
    const own = (await tools.supervisor.list()).filter((state) => state.component === component);
    // Beside one that Xylem started, what was adopted is kept for a return, and serves nobody.
    const first = own.find(({ adopted }) => adopted === undefined) ?? own[0];
    if (first !== undefined) await adoption.disown(first.instance);
  },
};

function neededAdoption({ supervisor }: DriverTools): SupervisorAdoption {
  if (supervisor.adoption !== undefined) return supervisor.adoption;
  throw new XylemError('E_ADOPT_UNSUPPORTED', 'This agent can take over no service.');
}

function namesData(service: Placed['document']['service']): boolean {
  const texts = [...(service?.command ?? []), ...Object.values(service?.environment ?? {})];
  return texts.some((text) => text.includes('${data}'));
}
