import { type Version, XylemError } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import type { CurrentAdoption } from '../adopt/current.ts';
import { observeSlots } from '../converge/observe.ts';
import type { Refresher } from '../direction/refresh.ts';
import { toldOf } from '../direction/told.ts';
import { onTheWay } from '../direction/transitions.ts';
import type { DriverTools } from '../drivers/driver.ts';
import { drivers } from '../drivers/index.ts';
import type { CurrentIdentity } from '../identity/current.ts';
import type { JobRunner } from '../jobs/runner.ts';
import type { MigrationRunner } from '../migration/runner.ts';
import type { AgentOptions, AgentTiming } from '../options.ts';
import type { AsksParents, CurrentParent } from '../parents/parents.ts';
import type { TryParent } from '../parents/try-parent.ts';
import { stayingAddresses } from '../reports/addresses.ts';
import { buildReport, type ReportBody, type Since } from '../reports/build.ts';
import { reportedFacts } from '../reports/facts.ts';
import { type Reporter, reporter } from '../reports/send.ts';
import { openReportSpool } from '../reports/spool.ts';
import type { CurrentReverts } from '../reverting/current.ts';
import type { HostSecrets } from '../secrets/secrets.ts';
import { countAsides } from '../state/json-file.ts';
import type { StateLayout } from '../state/layout.ts';
import { setAside } from '../state/leftovers.ts';
import type { Transfer } from '../transfer/record.ts';
import type { LaunchedProcess } from '../update/process.ts';
import type { HostVerifier } from '../verification/verifier.ts';
import type { Fetching } from './fetching.ts';
import type { HostFaults } from './host-faults.ts';
import type { LookAfter } from './look-after.ts';

const lookForDamagedMs = 600_000;
/** While something is there: whoever removes it hears so soon. */
const lookAgainMs = 60_000;

/**
 * What the disk gave back as something else than was written: for a person to look at, until they remove it. All
 * folders are looked into: when this process has set something aside, and now and then for what others have.
 */
function damagedState(layout: StateLayout, clock: Clock): () => Promise<XylemError[]> {
  let known: { readonly atMs: number; readonly asides: number; readonly faults: XylemError[] } | null = null;
  return async () => {
    const nowMs = clock.monotonicMs();
    const asides = countAsides();
    const againMs = (known?.faults.length ?? 0) > 0 ? lookAgainMs : lookForDamagedMs;
    if (known === null || known.asides !== asides || nowMs - known.atMs >= againMs)
      known = { atMs: nowMs, asides, faults: damagedFaults(await setAside(layout)) };
    return known.faults;
  };
}

/** Pure. */
function damagedFaults(aside: readonly string[]): XylemError[] {
  if (aside.length === 0) return [];
  const named = `${aside.slice(0, 5).join(', ')}${aside.length > 5 ? ', …' : ''}`;
  const message = `What stood in the state folder was damaged and set aside (${named}); the host found again by looking what it said. Look at the disk, then remove that.`;
  return [new XylemError('E_STATE_DAMAGED', message)];
}

/** Where what a report says is found. */
export interface ReportedFrom extends AsksParents {
  readonly options: AgentOptions;
  readonly timing: AgentTiming;
  readonly identity: CurrentIdentity;
  readonly self: LaunchedProcess;
  readonly tools: DriverTools;
  readonly refresher: Refresher;
  readonly secrets: HostSecrets;
  readonly lookAfter: LookAfter;
  readonly migrations: MigrationRunner;
  readonly jobs: JobRunner;
  readonly verifier: HostVerifier;
  readonly fetching: Fetching;
  readonly faults: HostFaults;
  readonly reverts: CurrentReverts;
  readonly adoption: CurrentAdoption;
  readonly trying: TryParent;
}

/** A host that pulls from the relay of its own has that relay's parent. */
export function parentOf({
  parents,
  options,
}: Pick<ReportedFrom, 'parents' | 'options'>): CurrentParent | null {
  const current = parents.current();
  const own = options.parentsFirst?.() ?? [];
  return current !== null && own.includes(current.url) ? (options.serving?.()?.parent ?? null) : current;
}

/** Reports this host's state as it is looked at, not as it is remembered. */
export async function reportingOf(from: ReportedFrom): Promise<Reporter> {
  const { options, identity, tools, refresher, lookAfter, fetching, faults, parents, http } = from;
  const { clock, randomness, log } = options;
  const { layout } = tools;
  const { host, environment, name } = identity.get();
  const since: Since = new Map();
  const damaged = damagedState(layout, clock);
  const facts = reportedFacts(layout.root, host, clock, stayingAddresses(clock));

  const body = async (): Promise<ReportBody> => {
    const accepted = refresher.accepted();
    const frozen = accepted?.frozen;
    const convergence = lookAfter.convergence();
    const slots =
      lookAfter.justObserved() ?? (await observeSlots(tools, drivers).catch(() => convergence.slots));
    const transfers = new Map<string, Transfer | null>();
    for (const component of slots.keys()) transfers.set(component, await fetching.transferOf(component));
    return buildReport(
      {
        host,
        environment: environment.id,
        certificate: identity.get().certificatePem,
        agent: (options.agentVersion ?? '0.1.0') as Version,
        name,
        facts: await facts(),
        snapshot: refresher.snapshot(),
        accepted: accepted === null ? null : onTheWay(accepted, slots, from.reverts.list()),
        parent: parentOf(from),
        serving: options.serving?.() ?? null,
        convergence: { ...convergence, slots },
        removing: lookAfter.removing,
        transfers,
        drift: lookAfter.drift.say(),
        reverts: from.reverts.list(),
        observing: from.adoption.observing(),
        adoptions: from.adoption.adoptions(),
        healthy: (slot) => lookAfter.health.healthy(slot),
        warmIsWell: (slot) => lookAfter.health.warmIsWell(slot),
        faults: [...(frozen === undefined ? [] : [frozen]), ...faults.all(), ...(await damaged())],
        secrets: from.secrets.statement,
        migrations: from.migrations.reports(),
        jobs: from.jobs.reports(),
        probes: from.verifier.reports(),
        reparent: from.trying.report(),
        transfer: { ...http.transfer(), refusedObjects: fetching.refusedObjects() },
      },
      since,
      clock.now(),
    );
  };
  const spool = await openReportSpool({
    folder: layout.reports,
    host,
    key: () => identity.get().key,
    clock,
    randomness,
    log,
  });
  const told = toldOf();
  return reporter({
    parents,
    http,
    clock,
    randomness,
    log,
    signal: from.signal,
    host,
    spool,
    timing: from.timing,
    allowPlainHttp: () => identity.get().plainHttp === true,
    body,
    made: from.self.reportMade,
    taken: from.self.reportTaken,
    collectorKey: () => refresher.accepted()?.collectorKey ?? null,
    told: () => told(refresher.accepted()),
    isSettled: lookAfter.isSettled,
    everyMs: () => (refresher.accepted()?.reportEverySeconds ?? 3_600) * 1_000,
  });
}
