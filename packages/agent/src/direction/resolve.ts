import {
  assignmentsFor,
  type DesiredState,
  type ErrorCode,
  type HostId,
  type HostMapEntry,
  type HostProbe,
  limits,
  lookUpHost,
  type Platform,
  parseDesiredState,
  parseSelector,
  type RepositoryId,
  revokedAfter,
  type Selectable,
  selects,
  timeMs,
  XylemError,
} from '@xylem/core';
import { desiredStateTarget, type Identity, type TufClient } from '@xylem/trust';
import type { Places } from '../drivers/driver.ts';
import type { Placed } from '../slot/placed.ts';
import type { Ahead } from './ahead.ts';
import type { Documents } from './documents.ts';
import { orderedMigrations } from './migrations.ts';
import { unmetRequirements } from './place.ts';
import { orderedPreflights } from './preflights.ts';
import { heldByQuarantine, quarantineAfter } from './quarantine.ts';
import { Reading } from './reading.ts';
import { directedTransitions } from './transitions.ts';
import type { Accepted, Held } from './wanted.ts';

export interface ResolveOptions {
  readonly identity: Identity;
  /** Of the environment's direction repository, refreshed. */
  readonly direction: TufClient;
  /** Of a release repository of the trust map; reads through the same parent. @throws XylemError E_TRUST */
  readonly releases: (repository: RepositoryId) => Promise<TufClient>;
  readonly files: Ahead;
  readonly documents: Documents;
  readonly platform: Platform;
  readonly places: Places;
  readonly before: Accepted | null;
  readonly nowMs: number;
}

export interface Resolved {
  readonly accepted: Accepted;
  /** Something could not be had from this parent; another, or a later attempt, may have it. */
  readonly incomplete: XylemError | null;
}

/**
 * What this host should run, by the trusted desired state: each assignment is taken only if the product's role vouches
 * for its release, above the floor and not withdrawn, the release names the package, and this host knows of no quarantine. What is not taken is held as
 * it is, with the reason.
 */
export async function resolveDirection(options: ResolveOptions): Promise<Resolved> {
  const { direction, identity, before } = options;
  const bytes = await direction.readTarget(desiredStateTarget, limits.desiredState);
  if (bytes === null) {
    throw new XylemError('E_METADATA_MISSING', 'The director vouches for no desired state.', {
      retry: 'elsewhere',
    });
  }
  const state = parseDesiredState(bytes);
  if (state.environment !== identity.environment.id) {
    throw new XylemError('E_TRUST', 'The desired state is that of another environment.');
  }
  await direction.raiseFloor(timeMs(state.issued));
  const { snapshot } = direction.state();
  const revoked = revokedAfter(before?.revoked ?? [], state.revoked ?? [], options.nowMs);
  const { memory, fault } = quarantineAfter(before?.quarantine, state);
  const entry = await entryOf(state, options);
  const probes = probesIn(state, identity.host, entry);
  const common = {
    snapshot,
    number: state.number,
    environmentName: state.name,
    purge: state.purge,
    keepPrevious: state.policy.keepPrevious,
    reportEverySeconds: state.policy.reportEverySeconds,
    ...(state.policy.lockAtMostSeconds === undefined
      ? {}
      : { lockAtMostSeconds: state.policy.lockAtMostSeconds }),
    ...(state.policy.drift === undefined ? {} : { drift: state.policy.drift }),
    ...(probes.length === 0 ? {} : { probes }),
    collectorKey: state.collector.key,
    ...(state.schemas === undefined ? {} : { schemas: state.schemas }),
    ...momentsIn(state, identity.host, entry),
    ...(revoked.length === 0 ? {} : { revoked }),
    ...(memory === undefined ? {} : { quarantine: memory }),
    ...(fault === null ? {} : { quarantineFault: fault }),
  };
  if (entry === null || entry.retired === true) {
    return { accepted: frozen(entry, common, before), incomplete: null };
  }

  const reading = new Reading(options, state, entry);
  const { assignments, held: pinned } = assignmentsFor(state, identity.host, entry);
  const components: Placed[] = [];
  const held: Held[] = pinned.map((component) => ({
    component,
    code: 'E_CONFLICT',
    message: `${component} is pinned for this host to a package that direction does not offer; it stays as it is.`,
  }));
  const quarantined = assignments.flatMap((assignment) => heldByQuarantine(memory, assignment) ?? []);
  held.push(...quarantined);
  const isAllowed = ({ component }: (typeof assignments)[number]): boolean =>
    !quarantined.some((one) => one.component === component);
  let incomplete: XylemError | null = null;
  for (const outcome of await reading.all(assignments.filter(isAllowed))) {
    if ('placed' in outcome) {
      components.push(outcome.placed);
      continue;
    }
    const { component, error } = outcome;
    if (error.retry === 'elsewhere' || isOwnFault(error)) incomplete = error;
    held.push({ component, code: error.code, message: error.message.slice(0, 2_000) });
  }
  const ways = await directedTransitions({ state, assignments, reading, memory });
  incomplete ??= ways.incomplete;
  const ordered = await orderedMigrations({ entry, assignments, reading, memory });
  incomplete ??= ordered.incomplete;
  const ahead = await orderedPreflights({ entry, state, reading, memory });
  incomplete ??= ahead.incomplete;
  const unmet = unmetRequirements(components);
  const isMet = ({ component }: Placed): boolean => !unmet.some((other) => other.component === component);
  const accepted: Accepted = {
    ...common,
    components: components.filter(isMet),
    held: [...held, ...unmet],
    entry,
    ...(ways.transitions.length === 0 ? {} : { transitions: ways.transitions }),
    ...(ordered.migrations.length === 0 ? {} : { migrations: ordered.migrations }),
    ...(ahead.preflights.length === 0 ? {} : { preflights: ahead.preflights }),
    releases: reading.versions(),
    floors: { ...before?.floors, ...reading.floors },
  };
  return { accepted, incomplete };
}

/** What of the policy binds the moment of a change. */
function momentsIn(
  { policy, issued }: DesiredState,
  id: HostId,
  entry: HostMapEntry | null,
): Pick<Accepted, 'moments'> {
  const { windows, freezes, urgentPassesFreezes, quota } = policy;
  if (windows === undefined && freezes === undefined && quota === undefined) return {};
  const said = {
    ...(windows === undefined ? {} : { windows }),
    ...(freezes === undefined ? {} : { freezes }),
    ...(urgentPassesFreezes === undefined ? {} : { urgentPassesFreezes }),
    ...(quota === undefined ? {} : { quota }),
  };
  return { moments: { policy: said, issuedMs: timeMs(issued), host: selectableHost(id, entry) } };
}

/** What this host is to ask of addresses: nothing where direction gives it nothing either. */
function probesIn({ policy }: DesiredState, id: HostId, entry: HostMapEntry | null): readonly HostProbe[] {
  if (entry === null || entry.retired === true) return [];
  const host = selectableHost(id, entry);
  return (policy.verify ?? []).filter(({ where = '' }) => selects(parseSelector(where), host));
}

const selectableHost = (id: HostId, entry: HostMapEntry | null): Selectable => ({
  id,
  ...(entry?.name === undefined ? {} : { name: entry.name }),
  labels: entry?.labels ?? {},
});

/** Of this host's disk, not of what direction says: it passes when the disk is well again. */
function isOwnFault({ code }: XylemError): boolean {
  return code === 'E_DISK_FULL' || code === 'E_STORAGE' || code === 'E_PERMISSION';
}

/** Null: the map does not know this host. */
async function entryOf(
  state: DesiredState,
  { identity, files, documents }: ResolveOptions,
): Promise<HostMapEntry | null> {
  const entry = await lookUpHost(state.hostMap, identity.host, (digest) =>
    documents.get(digest, () => files.fetch(`o/${identity.environment.id}/${digest}`, limits.hostMapNode)),
  );
  return entry ?? null;
}

/** A host that direction does not know, or has retired, keeps what it has and takes nothing. */
function frozen(
  entry: HostMapEntry | null,
  common: Omit<Accepted, 'components' | 'held' | 'entry' | 'releases' | 'floors'>,
  before: Accepted | null,
): Accepted {
  const code: ErrorCode = entry === null ? 'E_NOT_FOUND' : 'E_HOST_RETIRED';
  const message =
    entry === null
      ? 'The host map does not name this host; it keeps what it has until it does.'
      : 'This host was retired; it keeps what it has and takes nothing new.';
  const names = [...(before?.components ?? []), ...(before?.held ?? [])].map(({ component }) => component);
  return {
    ...common,
    purge: [],
    components: [],
    held: [...new Set(names)].sort().map((component) => ({ component, code, message })),
    frozen: { code, message },
    entry: entry ?? before?.entry ?? { labels: {} },
    releases: before?.releases ?? {},
    floors: before?.floors ?? {},
  };
}
