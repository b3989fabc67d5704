import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@xylem/platform';
import { type JsonFile, jsonFile } from '../state/json-file.ts';
import { type ProcessIdentity, parseProcessIdentity } from '../state/process-identity.ts';
import { type LastExit, parseServiceSpec, type ServiceSpec } from './protocol.ts';

/** What the supervisor must know of a service to take it over from a supervisor that was killed. */
export interface ServiceRecord {
  readonly spec: ServiceSpec;
  /** Written before the process is started, carried in its environment: finds a process whose pid was never recorded. */
  readonly mark: string;
  readonly process: ProcessIdentity | null;
  readonly startedAt: number;
  readonly restarts: number;
  readonly lastExit: LastExit | null;
  /** The boot in which it ended and is not to be started again. */
  readonly rested?: string;
  /** It was found running when the table had been lost: what it is is known only when the agent says its spec again. */
  readonly found?: true;
  /** It is the process of others, which carries no mark; absent as soon as it ended and is started anew. */
  readonly adopted?: AdoptedProcess;
}

/** What is to be known of a process that others started, beside which one it is. */
export interface AdoptedProcess {
  /** The folder that holds what its package's tree holds. */
  readonly path: string;
}

export interface ServiceRecords {
  readonly services: readonly ServiceRecord[];
}

/** The supervisor's table: everything in it is meant to run. */
export function serviceRecords(supervisorFolder: string, log: Log): JsonFile<ServiceRecords> {
  return jsonFile(join(supervisorFolder, 'services.json'), 'xylem-services-1', parseRecords, log);
}

/**
 * Those of the table that were adopted, a second time: by nothing else would a supervisor whose table was lost know them
 * again. Written before the table.
 */
export function adoptedRecords(supervisorFolder: string, log: Log): JsonFile<ServiceRecords> {
  return jsonFile(join(supervisorFolder, 'adopted.json'), 'xylem-services-1', parseRecords, log);
}

/** Whether a supervisor would have anything to run, or may have: a table that says nothing hides what runs. */
export async function mayHaveServices(supervisorFolder: string): Promise<boolean> {
  const text = await readFile(join(supervisorFolder, 'services.json'), 'utf8').catch(() => null);
  if (text !== null) return !text.includes('"services":[]');
  const names = await readdir(supervisorFolder).catch(() => []);
  return names.some(
    (name) => name.startsWith('lock') || name === 'services.json.damaged' || name === 'adopted.json',
  );
}

function parseRecords(value: Record<string, unknown>): ServiceRecords {
  const { services } = value;
  if (!Array.isArray(services)) throw new Error('services is not a list');
  return { services: services.map(parseRecord) };
}

function parseRecord(value: unknown): ServiceRecord {
  const { spec, mark, process, startedAt, restarts, lastExit, rested, found, adopted } = (value ??
    {}) as Record<string, unknown>;
  const parsed = parseServiceSpec(spec);
  if (parsed === null || typeof mark !== 'string') throw new Error('a service without spec or mark');
  return {
    spec: parsed,
    mark,
    process: parseProcessIdentity(process),
    startedAt: Number(startedAt) || 0,
    restarts: Number(restarts) || 0,
    lastExit: (lastExit ?? null) as LastExit | null,
    ...(typeof rested === 'string' ? { rested } : {}),
    ...(found === true ? { found } : {}),
    ...(adopted === undefined ? {} : { adopted: parseAdopted(adopted) }),
  };
}

function parseAdopted(value: unknown): AdoptedProcess {
  const { path } = (value ?? {}) as AdoptedProcess;
  if (typeof path !== 'string') throw new Error('an adopted process without its folder');
  return { path };
}
