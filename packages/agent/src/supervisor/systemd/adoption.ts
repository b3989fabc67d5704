import { XylemError } from '@xylem/core';
import { identifyProcess } from '../../state/process-identity.ts';
import type { UnitTakeOver } from '../client.ts';
import { instanceOf, type SecretVariables, type ServiceSpec, type ServiceState } from '../protocol.ts';
import type { AdoptedUnit, UnitRecords } from './records.ts';
import { statusOf, systemctl } from './systemctl.ts';
import { unitOf } from './unit.ts';

export interface UnitAdoption extends UnitTakeOver {
  /** Of a service that runs under the unit of others; null where it does not. */
  stateOf(spec: ServiceSpec): Promise<ServiceState | null>;
}

/**
 * A service that runs under a unit of others goes on there. It ends there by a stop, by itself, or with the host; what
 * is started from then on is Xylem's own unit, which is written and started at boot from the adoption on.
 */
export function unitAdoption(own: {
  readonly records: UnitRecords;
  /** Writes Xylem's own unit, and starts nothing. */
  readonly write: (spec: ServiceSpec, secrets: SecretVariables, adopted: AdoptedUnit) => Promise<void>;
  readonly forget: (instance: string) => Promise<void>;
}): UnitAdoption {
  const { records, write, forget } = own;
  const runs = async (unit: string) => {
    const status = (await statusOf([unit])).get(unit);
    return status !== undefined && status.active === 'active' && status.pid > 0 ? status : null;
  };
  return {
    takes: 'unit',
    stateOf: async (spec) => {
      const instance = instanceOf(spec);
      const adopted = await records.adopted(instance);
      const status = adopted === null ? null : await runs(adopted.unit);
      const process = status === null ? null : identifyProcess(status.pid);
      if (status === null || process === null) return null;
      return {
        component: spec.component,
        instance,
        tree: spec.tree,
        fingerprint: spec.fingerprint,
        process,
        startedAt: status.startedAt,
        restarts: status.restarts,
        lastExit: null,
      };
    },
    adopt: async (spec, secrets, unit) => {
      const before = await records.adopted(instanceOf(spec));
      const isAgain = before?.unit === unit;
      await write(spec, secrets, isAgain ? before : { unit, wasEnabled: await isEnabled(unit) });
      await systemctl(['disable', '--no-reload', '--', unit]);
    },
    disown: async (instance) => {
      const spec = (await records.all()).find((one) => instanceOf(one) === instance);
      if (spec === undefined) return;
      const adopted = await records.adopted(instance);
      if (adopted === null || (await runs(adopted.unit)) === null) {
        const why = `${instance} runs as Xylem's own unit by now: there is nothing that could go on without it.`;
        throw new XylemError('E_CONFLICT', why);
      }
      if (adopted.wasEnabled) await systemctl(['enable', '--no-reload', '--', adopted.unit]);
      // Only where a boot in between has started both.
      await systemctl(['stop', '--', unitOf(instance)]);
      await forget(instance);
    },
  };
}

async function isEnabled(unit: string): Promise<boolean> {
  // It ends with 1 for one that is not.
  const said = await systemctl(['is-enabled', '--', unit]).catch(() => '');
  return said.trim() === 'enabled';
}
