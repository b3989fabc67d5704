import { XylemError } from '@xylem/core';

/** What each figure of a costs file is. All are measured, by the command that stands in `measured` of the file. */
const meanings = {
  cores: 'cores that all processes share; 0: each process has one of its own',
  hostsPerProcess: 'hosts that live in one process; 1 outside of a bench',
  rootPublishCpuMs: 'processor time of the root server to sign and announce a change',
  rootChildCpuMs: 'for one direct child to hear of it and to fetch all that it needs',
  rootBatchCpuMs: 'for one request with reports, whatever is in it',
  rootReportCpuMs: 'for one report',
  relayUpdateCpuMs: 'of a relay to fetch and verify a change for itself',
  relayChildCpuMs: 'as for the root server',
  relayReportCpuMs: 'of each relay on the way of one report',
  hostUpdateCpuMs: 'of a host to apply a change and to report it',
  hostReportWaitMs: 'from a change in place to its report on the way',
  relayBatchWaitMs: 'a relay lets reports gather for so long',
  roundTripMs: 'between a node and its parent',
  updateBytes: 'what one child fetches beside the content, sent by its parent',
  rootBytesPerSecond: 'of the link of the root server; 0: no bound',
  relayBytesPerSecond: 'of the link of a relay; 0: no bound',
  rootHandshakeCpuMs: 'a whole handshake of mutual TLS at the root server',
  relayHandshakeCpuMs: 'the same at a relay',
  rootMemoryMb: 'of the root server without children',
  rootConnectionKb: 'for each connection that is held open',
  relayMemoryMb: 'of a relay without children',
  relayConnectionKb: 'as for the root server',
  rootIdleChildCpuMs: 'for a held news request that ends with nothing new and is asked again',
} as const;

export type Costs = { readonly [Name in keyof typeof meanings]: number };

export const costNames = Object.keys(meanings) as (keyof Costs)[];

/** @throws XylemError E_INPUT for what is no costs file, lacks a figure or has one that nothing reads */
export function parseCosts(text: string): Costs {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new XylemError('E_INPUT', 'The file of costs is no JSON.', { cause });
  }
  const given = new Map(Object.entries(value ?? {}));
  if (typeof given.get('measured') !== 'string')
    throw new XylemError('E_INPUT', 'A file of costs says in "measured" what its figures come from.');
  given.delete('measured');
  for (const name of costNames) {
    const figure = given.get(name);
    if (typeof figure !== 'number' || !Number.isFinite(figure) || figure < 0)
      throw new XylemError('E_INPUT', `"${name}" is a number from 0 on: ${meanings[name]}.`);
    given.delete(name);
  }
  const [unknown] = given.keys();
  if (unknown !== undefined)
    throw new XylemError('E_INPUT', `Nothing reads "${unknown}" of a file of costs.`);
  return value as Costs;
}
