import {
  encodeReportBatch,
  type HostId,
  type HostMapEntry,
  limits,
  parseTaken,
  type Report,
  sameParent,
  XylemError,
} from '@xylem/core';
import { httpSource, within } from '@xylem/store';
import { codedFault } from '../converge/faults.ts';
import type { Accepted } from '../direction/wanted.ts';
import type { AgentTiming } from '../options.ts';
import { wakeable } from '../run/wake.ts';
import { type AsksParents, refusedParents } from './parents.ts';
import { askNode, askParents, bodyOf } from './requests.ts';

export interface TryParentOptions extends Omit<AsksParents, 'parents'> {
  readonly host: HostId;
  readonly environment: string;
  readonly accepted: () => Accepted | null;
  /** @throws what keeps a timestamp from being taken */
  readonly checkTimestamp: (bytes: Uint8Array) => Promise<void>;
  /** The parents by which it joined. */
  readonly joined: () => readonly string[];
  readonly mayUse: (url: string) => boolean;
  /** The parent that a report would name now. */
  readonly parent: () => string | null;
  /** It passed: the host goes there. */
  readonly passed: (url: string) => void;
  readonly onFault: (fault: XylemError | null) => void;
  /** A report would say something else than before. */
  readonly changed: () => void;
  readonly timing: Pick<AgentTiming, 'timestampMs' | 'retryMinMs' | 'retryMaxMs'>;
}

/** The test of a new parent before the old one is left: docs/spec/reparenting.md. */
export interface TryParent {
  /** Whom to ask, by what direction says and what was tested. */
  wanted(): readonly string[];
  report(): Report['reparent'] | null;
  /** Direction may have changed. */
  look(): void;
  run(): Promise<void>;
}

interface Tested {
  readonly order: string;
  readonly tried: number;
  readonly fault: XylemError | null;
}

/** How often it is looked whether the host, or its relay, has gone to the parent that passed. */
const lookMs = 5_000;
const idleMs = 3_600_000;
/** Of an offer, and of how many domains. */
const rangeBytes = 1_024;
const mostDomains = 3;

export function tryParent(options: TryParentOptions): TryParent {
  const { clock, randomness, signal, log } = options;
  const woken = wakeable(clock);
  let tested: Tested | null = null;
  const entry = (): HostMapEntry | null => options.accepted()?.entry ?? null;
  const nextOf = (now: HostMapEntry | null): readonly string[] => now?.parents ?? options.joined();
  const orderOf = (now: HostMapEntry | null): string | null => now?.reparent?.order ?? null;
  const hasPassed = (order: string | null): boolean =>
    tested !== null && tested.order === order && tested.fault === null;

  const testOnce = async (now: HostMapEntry, order: string): Promise<void> => {
    const tried = tested?.order === order ? tested.tried + 1 : 1;
    const [url] = nextOf(now);
    const fault = url === undefined ? null : await faultOf(options, sameParent(url));
    signal.throwIfAborted();
    tested = { order, tried, fault };
    options.onFault(fault);
    if (fault !== null) log.warn('the new parent is not taken', { parent: url, tried, cause: fault });
    else if (url !== undefined) options.passed(sameParent(url));
    options.changed();
  };

  return {
    wanted: () => {
      const now = entry();
      const next = nextOf(now);
      if (now?.reparent === undefined) return next;
      const before = now.reparent.from.length > 0 ? now.reparent.from : options.joined();
      return hasPassed(now.reparent.order) ? [...next, ...before] : [...before, ...next];
    },
    report: () => {
      if (tested === null || tested.order !== orderOf(entry())) return null;
      const { order, tried, fault } = tested;
      return {
        order,
        tried,
        ...(fault === null ? {} : { code: fault.code, message: fault.message.slice(0, 1_000) }),
      };
    },
    look: () => woken.wake(),
    run: async () => {
      let parent = options.parent();
      while (!signal.aborted) {
        const now = entry();
        const order = orderOf(now);
        let pauseMs = idleMs;
        if (now === null || order === null) {
          if (tested !== null) options.onFault(null);
          tested = null;
        } else if (hasPassed(order)) {
          pauseMs = lookMs;
          if (options.parent() !== parent) options.changed();
          parent = options.parent();
        } else {
          await testOnce(now, order);
          const doubled = options.timing.retryMinMs * 2 ** Math.min(tested?.tried ?? 1, 16);
          pauseMs = hasPassed(order)
            ? lookMs
            : Math.min(options.timing.retryMaxMs, doubled) * (0.8 + 0.4 * randomness.fraction());
        }
        await woken.sleep(pauseMs, signal);
      }
    },
  };
}

/** Null: this parent gives and takes all that the host needs. */
async function faultOf(options: TryParentOptions, url: string): Promise<XylemError | null> {
  if (!options.mayUse(url)) return refusedParents([url]);
  try {
    await refuseLoop(options, url);
    await givesTimestamp(options, url);
    await givesObjects(options, url);
    await takesReports(options, url);
    return null;
  } catch (error) {
    options.signal.throwIfAborted();
    return codedFault(error, `testing the parent ${url}`);
  }
}

async function refuseLoop(options: TryParentOptions, url: string): Promise<void> {
  const { host, timing, signal } = options;
  const said = await askParents(options, url, timing.timestampMs, signal);
  if (said === null || (said.self.host !== host && said.line?.includes(host) !== true)) return;
  throw new XylemError('E_PARENT_LOOP', `${url} pulls from this host itself.`);
}

async function givesTimestamp(options: TryParentOptions, url: string): Promise<void> {
  const path = `r/${options.environment}/metadata/timestamp.json`;
  const bytes = await read(options, url, path, limits.timestamp);
  if (bytes === null)
    throw new XylemError('E_PARENT_REFUSED', `${url} does not serve this host's environment, or not yet.`);
  try {
    await options.checkTimestamp(bytes);
  } catch (cause) {
    if (!(cause instanceof XylemError) || cause.code !== 'E_METADATA_ROLLBACK') throw cause;
    throw new XylemError('E_PARENT_STALE', `${url} is behind what this host has.`, { cause });
  }
}

async function givesObjects(options: TryParentOptions, url: string): Promise<void> {
  const trees = new Map((options.accepted()?.components ?? []).map(({ domain, tree }) => [domain, tree]));
  for (const [domain, tree] of [...trees].slice(0, mostDomains)) {
    if ((await read(options, url, `o/${domain}/offers/${tree}`, rangeBytes, { length: rangeBytes })) !== null)
      continue;
    throw new XylemError(
      'E_OBJECT_MISSING',
      `${url} does not give what this host runs (tree ${tree}), or not yet.`,
    );
  }
}

async function takesReports(options: TryParentOptions, url: string): Promise<void> {
  const { signal, timing, accepted } = options;
  const body = encodeReportBatch({ format: 'xylem-reports-1', reports: [] });
  const headers = { 'content-type': 'application/json' };
  const request = { method: 'POST' as const, url: `${url}/reports`, headers, body, signal };
  const answer = await askNode(options, request, limits.reportBatch, timing.timestampMs);
  if (answer !== null) parseTaken(answer);
  else if ((accepted()?.entry.parents ?? []).length < 2)
    throw new XylemError('E_PARENT_REFUSED', `${url} takes no reports, and no other parent is named.`);
}

/** Null: there is none. */
async function read(
  { http, clock, signal: over, timing }: TryParentOptions,
  url: string,
  path: string,
  maxBytes: number,
  range: { readonly length?: number } = {},
): Promise<Uint8Array | null> {
  const what = `${url}/${path}`;
  return await within(clock, timing.timestampMs, what, over, async (signal) => {
    const answer = await httpSource(http, url).get(path, { ...range, signal });
    return answer.status === 'found' ? await bodyOf(answer.body, maxBytes, what, signal) : null;
  });
}
