import { parseArgs } from 'node:util';
import { XylemError } from '@xylem/core';

export interface FleetOptions {
  readonly hosts: number;
  readonly relays: number;
  /** Links from the root server to a host. */
  readonly depth: number;
  /** Of what changes. */
  readonly sizeBytes: number;
  /** In which hosts live. */
  readonly processes: number;
  /** An hour at rest is pressed into so many; 0: none is measured. */
  readonly idleSeconds: number;
  /** So long it is looked at a fleet at rest as it is, nothing pressed; 0: it is not. */
  readonly restSeconds: number;
  /** Relays that are killed once a quarter of the hosts have the change. */
  readonly kills: number;
}

/** Hosts report at most so often at rest. */
const shortestIdleSeconds = 10;

/** @throws XylemError E_INPUT */
export function fleetOptions(words: readonly string[]): FleetOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      hosts: { type: 'string', default: '100' },
      relays: { type: 'string', default: '4' },
      depth: { type: 'string', default: '3' },
      size: { type: 'string', default: '1000000' },
      processes: { type: 'string' },
      idle: { type: 'string', default: '60' },
      rest: { type: 'string', default: '0' },
      kill: { type: 'string', default: '0' },
    },
  });
  const hosts = count('hosts', values.hosts, 1);
  const relays = count('relays', values.relays, 0);
  const depth = count('depth', values.depth, 1);
  if ((relays === 0) !== (depth === 1))
    throw new XylemError('E_INPUT', 'Without relays the depth is 1, with them at least 2.');
  if (relays > 0 && relays < depth - 1)
    throw new XylemError('E_INPUT', `A depth of ${depth} takes at least ${depth - 1} relays.`);
  const kills = count('kill', values.kill, 0);
  const idleSeconds = count('idle', values.idle, 0);
  if (idleSeconds > 0 && idleSeconds < shortestIdleSeconds)
    throw new XylemError('E_INPUT', `--idle is 0, or at least ${shortestIdleSeconds}.`);
  if (kills > relays) throw new XylemError('E_INPUT', `--kill ${kills}: there are ${relays} relays.`);
  return {
    hosts,
    relays,
    depth,
    sizeBytes: count('size', values.size, 1),
    processes: count('processes', values.processes ?? `${Math.ceil(hosts / 500)}`, 1),
    idleSeconds,
    restSeconds: count('rest', values.rest, 0),
    kills,
  };
}

function count(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new XylemError('E_INPUT', `--${name} is a whole number from ${least}.`);
}
