import { type HostProbe, type ProbeSeen, timeoutMsOf, XylemError } from '@xylem/core';
import { askOut, type Clock, ownAddresses } from '@xylem/platform';
import { localPolicy } from '../policy/local-policy.ts';
import { reachOf } from './reach.ts';

export interface AskOptions {
  /** What `${host}` in an address stands for. */
  readonly hostName: string;
  /** Of root's word on this host, for tests. */
  readonly policyPath?: string;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly signal: AbortSignal;
}

/** Asks what direction names, once, within what this host allows (docs/spec/direction.md, Probes). Never rejects. */
export async function askAddress(
  probe: HostProbe,
  { hostName, policyPath, clock, signal }: AskOptions,
): Promise<ProbeSeen> {
  const url = filled(probe.url, hostName);
  if (url === null) return { kind: 'failed', why: "this host's name is no part of an address" };
  try {
    const { probes } = await localPolicy(policyPath);
    return await askOut(clock, {
      url,
      allows: reachOf(probes.allow, ownAddresses()),
      ...(probe.here === true ? { at: '127.0.0.1' } : {}),
      ca: probe.ca,
      contains: probe.expect?.contains,
      timeoutMs: timeoutMsOf(probe),
      signal,
    });
  } catch (error) {
    const why = error instanceof XylemError ? `this host's policy is not valid (${error.code})` : 'not asked';
    return { kind: 'failed', why };
  }
}

const place = '$' + '{host}';

/** Null: it would be another address than was meant. */
function filled(url: string, hostName: string): string | null {
  if (!url.includes(place)) return url;
  return /^[A-Za-z0-9.-]{1,253}$/.test(hostName) ? url.replaceAll(place, hostName) : null;
}
