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

/**
 * What this state folder's units were made from, one file each, and each a second time: a unit whose record was lost
 * would run on, and nobody would know whose it is. What stands there is meant to run.
 */
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
  const spares = join(folder, 'spare');
  const file = (instance: string, within = folder) =>
    jsonFile(
      join(within, `${instance}.json`),
      'xylem-unit-1',
      ({ spec, adopted }) => {
        const parsed = parseServiceSpec(spec);
        if (parsed === null) throw new Error('a unit without a spec');
        return { spec: parsed, ...(adopted === undefined ? {} : { adopted: parseAdopted(adopted) }) };
      },
      log,
    );
  const read = async (instance: string) =>
    (await file(instance).read()) ?? (await file(instance, spares).read());
  const environment = (instance: string): string => join(folder, `${instance}.env`);
  return {
    environment,
    all: async () => {
      const names = [...(await list(folder)), ...(await list(spares))];
      const instances = [
        ...new Set(names.flatMap((name) => /^([^.].*)\.json$/.exec(name)?.[1] ?? [])),
      ].sort();
      const found = await Promise.all(instances.map(read));
      return found.flatMap((one) => (one === null ? [] : [one.spec]));
    },
    write: async (instance, spec, adopted) => {
      const record = { spec, ...(adopted === undefined ? {} : { adopted }) };
      await mkdir(spares, { recursive: true, mode: 0o700 });
      await file(instance, spares).write(record);
      await file(instance).write(record);
    },
    adopted: async (instance) => (await read(instance))?.adopted ?? null,
    remove: async (instance) => {
      await rm(environment(instance), { force: true });
      await rm(join(folder, `${instance}.json`), { force: true });
      await rm(join(spares, `${instance}.json`), { force: true });
    },
  };
}

function parseAdopted(value: unknown): AdoptedUnit {
  const { unit, wasEnabled } = (value ?? {}) as AdoptedUnit;
  if (typeof unit !== 'string') throw new Error('an adopted unit without its name');
  return { unit, wasEnabled: wasEnabled === true };
}

const list = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
