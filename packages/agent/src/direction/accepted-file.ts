import type { Log } from '@xylem/platform';
import { parsePlaced } from '../slot/record.ts';
import { type JsonFile, jsonFile } from '../state/json-file.ts';
import type { Accepted } from './wanted.ts';

/** The last accepted direction, so that a host without any parent starts and repairs what it should run. */
export function acceptedFile(path: string, log: Log): JsonFile<Accepted> {
  return jsonFile(path, 'xylem-accepted-1', parseAccepted, log);
}

function parseAccepted(value: Record<string, unknown>): Accepted {
  const { format: _format, ...rest } = value;
  const accepted = rest as unknown as Accepted;
  for (const list of [accepted.components, accepted.held, accepted.purge]) {
    if (!Array.isArray(list)) throw new Error('a list is missing');
  }
  if (typeof accepted.snapshot !== 'number' || typeof accepted.floors !== 'object')
    throw new Error('incomplete');
  const { quarantine } = accepted;
  if (quarantine !== undefined && !(Array.isArray(quarantine.quarantined) && quarantine.operators))
    throw new Error('what is quarantined is missing');
  const migrations = accepted.migrations?.map((one) =>
    'placed' in one ? { ...one, placed: parsePlaced(one.placed) } : one,
  );
  const transitions = accepted.transitions?.map((one) => ({
    ...one,
    through: one.through.map((waypoint) => ({ ...waypoint, placed: waypoint.placed.map(parsePlaced) })),
  }));
  return {
    ...accepted,
    components: accepted.components.map(parsePlaced),
    ...(transitions === undefined ? {} : { transitions }),
    ...(migrations === undefined ? {} : { migrations }),
  };
}
