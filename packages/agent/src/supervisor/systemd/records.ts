import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@xylem/platform';
import { jsonFile } from '../../state/json-file.ts';
import { parseServiceSpec, type ServiceSpec } from '../protocol.ts';

/** What this state folder's units were made from, one file each: what stands there is meant to run. */
export interface UnitRecords {
  all(): Promise<readonly ServiceSpec[]>;
  write(instance: string, spec: ServiceSpec): Promise<void>;
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
      ({ spec }) => {
        const parsed = parseServiceSpec(spec);
        if (parsed === null) throw new Error('a unit without a spec');
        return { spec: parsed };
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
    write: async (instance, spec) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await file(instance).write({ spec });
    },
    remove: async (instance) => {
      await rm(environment(instance), { force: true });
      await rm(join(folder, `${instance}.json`), { force: true });
    },
  };
}
