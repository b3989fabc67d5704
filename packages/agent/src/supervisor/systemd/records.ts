import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@xylem/platform';
import { jsonFile } from '../../state/json-file.ts';
import { parseServiceSpec, type ServiceSpec } from '../protocol.ts';

/** The unit of others under which a service still runs that was adopted. */
export interface AdoptedUnit {
  readonly unit: string;
  /** It was started at boot. */
  readonly wasEnabled: boolean;
}

/** What this state folder's units were made from, one file each: what stands there is meant to run. */
export interface UnitRecords {
  all(): Promise<readonly ServiceSpec[]>;
  write(instance: string, spec: ServiceSpec, adopted?: AdoptedUnit): Promise<void>;
  /** Null: it runs as Xylem's own unit, or not at all. */
  adopted(instance: string): Promise<AdoptedUnit | null>;
  /** With its variables. */
  remove(instance: string): Promise<void>;
  environment(instance: string): string;
}

export function unitRecords(supervisorFolder: string, log: Log): UnitRecords {
  const folder = join(supervisorFolder, 'units');
  const file = (instance: string) =>
    jsonFile(
      join(folder, `${instance}.json`),
      'xylem-unit-1',
      ({ spec, adopted }) => {
        const parsed = parseServiceSpec(spec);
        if (parsed === null) throw new Error('a unit without a spec');
        return { spec: parsed, ...(adopted === undefined ? {} : { adopted: parseAdopted(adopted) }) };
      },
      log,
    );
  const environment = (instance: string): string => join(folder, `${instance}.env`);
  return {
    environment,
    all: async () => {
      const names = await readdir(folder).catch(() => []);
      const instances = names.flatMap((name) => /^([^.].*)\.json$/.exec(name)?.[1] ?? []).sort();
      const found = await Promise.all(instances.map((instance) => file(instance).read()));
      return found.flatMap((one) => (one === null ? [] : [one.spec]));
    },
    write: async (instance, spec, adopted) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await file(instance).write({ spec, ...(adopted === undefined ? {} : { adopted }) });
    },
    adopted: async (instance) => (await file(instance).read())?.adopted ?? null,
    remove: async (instance) => {
      await rm(environment(instance), { force: true });
      await rm(join(folder, `${instance}.json`), { force: true });
    },
  };
}

function parseAdopted(value: unknown): AdoptedUnit {
  const { unit, wasEnabled } = (value ?? {}) as AdoptedUnit;
  if (typeof unit !== 'string') throw new Error('an adopted unit without its name');
  return { unit, wasEnabled: wasEnabled === true };
}
