import { mkdir } from 'node:fs/promises';
import { type EnvironmentId, type JobOrder, preflightJob, XylemError } from '@xylem/core';
import { createHttpClient } from '@xylem/platform';
import { isPlainBeyondLoopback } from '@xylem/trust';
import { currentAdoption } from '../adopt/current.ts';
import type { ExecutorTools } from '../converge/apply/executor.ts';
import { observeSlots } from '../converge/observe.ts';
import { acceptedFile } from '../direction/accepted-file.ts';
import { carriedFile } from '../direction/carried.ts';
import { documentsIn } from '../direction/documents.ts';
import { followDirection } from '../direction/follow.ts';
import { patchLists } from '../direction/patch-lists.ts';
import { refresher as makeRefresher } from '../direction/refresh.ts';
import { repositoriesOf } from '../direction/repositories.ts';
import type { Accepted } from '../direction/wanted.ts';
import { driftWatch } from '../drift/watch.ts';
import { drivers } from '../drivers/index.ts';
import { openIdentity } from '../identity/current.ts';
import { moveWhenDirected } from '../identity/move.ts';
import { rekeyWhenWished } from '../identity/rekey.ts';
import { renewCertificate } from '../identity/renew.ts';
import { roleOf } from '../identity/role.ts';
import { preflightsOf } from '../jobs/preflight.ts';
import { jobRunner } from '../jobs/runner.ts';
import { finishLeaving } from '../leaving/wipe.ts';
import { migrationRunner } from '../migration/runner.ts';
import type { AgentOptions, RunningAgent } from '../options.ts';
import { keepingLearned, learnedFile } from '../parents/learned.ts';
import { parentsOf, refusedParents } from '../parents/parents.ts';
import { revokedParents } from '../parents/revoked.ts';
import { tryParent } from '../parents/try-parent.ts';
import { hostPlatform } from '../reports/os-release.ts';
import type { Reporter } from '../reports/send.ts';
import { currentReverts } from '../reverting/current.ts';
import { hostSecrets } from '../secrets/secrets.ts';
import { stateLayout } from '../state/layout.ts';
import { clearLeftovers } from '../state/leftovers.ts';
import { lockState } from '../state/lock.ts';
import { supervisorClient } from '../supervisor/client.ts';
import { besideFormer } from '../supervisor/systemd/beside.ts';
import { systemdSupervisor } from '../supervisor/systemd/client.ts';
import { confirmTrial } from '../update/confirm.ts';
import { agentProcess, launchedFrom } from '../update/process.ts';
import { askAddress } from '../verification/ask.ts';
import { changesOf, hostVerifier } from '../verification/verifier.ts';
import { fetchingThrough } from './fetching.ts';
import { hostFaults } from './host-faults.ts';
import { type Life, livesOf } from './lives.ts';
import { lookAfter as makeLookAfter } from './look-after.ts';
import { parentOf, reportingOf } from './reporting.ts';
import { statusOf } from './status.ts';
import { defaultTiming } from './timing.ts';
import { together } from './together.ts';
import { wakeable } from './wake.ts';

/**
 * Runs the agent of a joined host: follows its direction, leads its components there, reports. Resolves when it runs;
 * its end is `stopped`. Without any parent it keeps and repairs what it last accepted.
 * @throws XylemError E_NOT_JOINED, E_STATE_LOCKED, E_STATE_DAMAGED
 */
export async function runAgent(options: AgentOptions): Promise<RunningAgent> {
  const layout = stateLayout(options.stateFolder);
  // First of all: of two agents on one folder, the second must not read what the first is about to change.
  const lock = await lockState(layout.lock, options.randomness);
  try {
    return await livesOf(
      () => runLocked(options),
      () => lock.release(),
    );
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Null: nothing is known of any. */
function ordersIn(accepted: Accepted | null): readonly JobOrder[] | null {
  if (accepted === null) return null;
  const ahead = (accepted.preflights ?? []).map(({ order }) => ({ ...order, job: preflightJob }));
  return [...(accepted.entry.jobs ?? []), ...ahead];
}

/**
 * Loops side by side: direction comes in, components are led there, what others changed is found, reports go out,
 * the certificate is kept.
 */
async function runLocked(options: AgentOptions): Promise<Life> {
  const { clock, randomness, log } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const layout = stateLayout(options.stateFolder);
  const over = new AbortController();
  const self = agentProcess(layout, options.launched ?? launchedFrom({}), log, (why) => {
    over.abort(new XylemError('E_INTERRUPTED', why));
    return over.signal.reason as Error;
  });
  await self.settle();
  await clearLeftovers(layout, clock.now());
  // Before anything of the new tenant is read or started.
  await finishLeaving({ layout, clock, log, onPoint: options.onWipePoint });
  const revoked = revokedParents();
  const identity = await openIdentity(layout.identity, revoked);
  if (options.allowPlainHttp === true) await identity.allowPlainHttp();
  const isPlainAllowed = (): boolean => identity.get().plainHttp === true;
  for (const folder of [layout.components, layout.logs])
    await mkdir(folder, { recursive: true, mode: 0o755 });
  const { host, environment } = identity.get();
  const { signal } = over;
  const node = options.node ?? process.execPath;

  const isOwnRelay = (url: string): boolean =>
    (options.parentsFirst?.() ?? []).some((own) => `${url}/`.startsWith(`${own}/`));
  const http = createHttpClient({
    tls: () => identity.tls(),
    turnsUp: (url) => (isOwnRelay(url) ? null : (options.links?.up(url) ?? null)),
    ...(options.proxyEnvironment === undefined ? {} : { proxyEnvironment: options.proxyEnvironment }),
  });
  revoked.watch(http, () => identity.get().caPem);
  const learned = learnedFile(layout.learned, log);
  const mayUse = (url: string): boolean => isPlainAllowed() || !isPlainBeyondLoopback(url);
  const parents = parentsOf({
    http,
    clock,
    randomness,
    log,
    wanted: () => [...(options.parentsFirst?.() ?? []), ...trying.wanted()],
    mayUse,
    isBack: () => reporting?.parentIsBack(),
    remembered: { learned: await learned.read(), keep: keepingLearned(learned, log) },
    turnsOf: (url, isBackground) => (isOwnRelay(url) ? null : (options.links?.down(isBackground) ?? null)),
    mayCarry: () => options.links?.downNow() ?? null,
    returnToFirstMs: timing.returnToFirstMs,
    comparison: timing.comparison,
  });
  const asks = { parents, http, clock, randomness, log, signal };
  const patches = patchLists();
  const fetching = fetchingThrough({ source: parents, patches, http, layout, clock, signal, log });
  const looked = wakeable(clock);
  const moving = wakeable(clock);
  const ordered = wakeable(clock);
  let hasMoved = false;
  const builtIn = supervisorClient({
    stateFolder: options.stateFolder,
    command: options.supervisorCommand,
    clock,
    log,
    changed: () => looked.wake(),
  });
  const supervisor =
    options.systemd === true
      ? besideFormer(
          systemdSupervisor({
            stateFolder: options.stateFolder,
            clock,
            log,
            changed: () => looked.wake(),
          }),
          builtIn,
        )
      : builtIn;
  const secrets = await hostSecrets({
    identity: identity.get(),
    folder: layout.identity,
    wrapped: () => refresher.accepted()?.entry.keys,
    log,
  });
  const tools: ExecutorTools = {
    layout,
    secrets,
    self,
    node,
    supervisor,
    forwarderCommand: options.forwarderCommand,
    clock,
    log,
    signal,
    drivers,
    fetchTree: fetching.fetchTree,
  };

  let reporting: Reporter | null = null;
  const reportSoon = (): void => reporting?.poke();
  const faults = hostFaults(reportSoon);
  const refresher = makeRefresher({
    identity: identity.get(),
    repositories: repositoriesOf(identity.get(), layout.trust, clock, log),
    documents: documentsIn(layout.documents),
    file: acceptedFile(layout.accepted, log),
    carried: carriedFile(layout.trust, log),
    platform: await hostPlatform(),
    places: { layout, node },
    patches,
    clock,
    log,
    signal,
    onAccepted: (next) => {
      revoked.learn(next);
      options.links?.direct(next.entry.limits ?? []);
      lookAtParents();
      trying.look();
      sayQuarantine();
      moving.wake();
      fetching.giveUpUnless(next);
      role.look();
      lookAfter.wantsChanged();
      migrations.directionChanged();
      jobs.look();
      verifier.look();
      reportSoon();
    },
  });
  const accepted = refresher.accepted;
  const lookAtParents = (): void => faults.set('parents', refusedParents(parents.refused()));
  const sayQuarantine = (): void => {
    const fault = accepted()?.quarantineFault;
    faults.set('quarantine', fault === undefined ? null : new XylemError(fault.code, fault.message));
  };
  const trying = tryParent({
    ...asks,
    environment: environment.id,
    accepted,
    joined: () => identity.get().parents,
    checkTimestamp: refresher.checkTimestamp,
    mayUse,
    host,
    parent: () => parentOf({ parents, options })?.url ?? null,
    passed: (url) => {
      // The relay of a host that serves goes there, and this host goes on with that.
      if ((options.parentsFirst?.() ?? []).length === 0) parents.use(url);
      options.onParentsChange?.();
    },
    onFault: (fault) => faults.set('reparent', fault),
    changed: reportSoon,
    timing,
  });
  const role = roleOf({ identity, accepted, clock, tell: options.onServeChange });
  const drift = driftWatch({
    layout,
    clock,
    randomness,
    log,
    signal,
    everyMs: timing.driftMs,
    share: timing.driftShare,
    changed: () => looked.wake(),
  });
  let orderedHere = (): void => undefined;
  const reverts = await currentReverts({ layout, log, signal, ordered: () => orderedHere() });
  const adoption = await currentAdoption({
    tools,
    accepted,
    entriesOf: fetching.entriesOf,
  });
  const jobs = jobRunner({
    tools,
    ordered: () => ordersIn(accepted()),
    preflights: preflightsOf({
      tools,
      ordered: () => accepted()?.preflights ?? [],
      retryMs: timing.slotRetryMs,
    }),
    refuses: () => (adoption.observing() === null ? null : 'This host observes: it runs nothing for others.'),
    observe: () => observeSlots(tools, drivers),
    looked: wakeable(clock),
    changed: reportSoon,
  });
  const lookAfter = makeLookAfter({
    aside: jobs.aside,
    reverts,
    adoption,
    tools,
    timing,
    looked,
    accepted,
    faults,
    driftWatch: drift,
    fraction: () => randomness.fraction(),
    onJournalPoint: options.onJournalPoint,
    changed: () => {
      reportSoon();
      verifier.look();
    },
  });
  const verifier = hostVerifier({
    probes: () => (adoption.observing() === null ? (accepted()?.probes ?? []) : []),
    changes: () => changesOf(lookAfter.convergence().slots),
    ask: (probe) =>
      askAddress(probe, { hostName: accepted()?.entry.name ?? identity.get().name, clock, signal }),
    looked: wakeable(clock),
    clock,
    randomness,
    log,
    signal,
    changed: reportSoon,
  });
  orderedHere = lookAfter.wantsChanged;
  const migrations = migrationRunner({
    tools,
    environment: environment.id,
    // What only observes runs nothing for others either.
    accepted: () => (adoption.observing() === null ? accepted() : null),
    looked: ordered,
    retryMs: timing.slotRetryMs,
    changed: reportSoon,
  });
  const reported = {
    ...asks,
    reverts,
    adoption,
    self,
    options,
    timing,
    identity,
    secrets,
    tools,
    refresher,
    lookAfter,
    migrations,
    jobs,
    verifier,
    fetching,
    faults,
    trying,
  };
  const reporter = await reportingOf(reported);
  reporting = reporter;

  await refresher.open();
  revoked.learn(accepted());
  options.links?.direct(accepted()?.entry.limits ?? []);
  lookAtParents();
  sayQuarantine();
  role.look();
  log.info('agent runs', { host, environment: environment.name, accepted: accepted()?.number ?? null });
  const stopped = together({
    over,
    outer: options.signal,
    interrupted: new XylemError('E_INTERRUPTED', 'The agent was asked to end.'),
    loops: [
      () => lookAfter.run(),
      () => migrations.run(),
      () => jobs.run(),
      () => verifier.run(),
      () =>
        followDirection({
          ...asks,
          identity: identity.get(),
          refresher,
          timing,
          onFault: (fault) => faults.set('direction', fault),
          onBehind: (fault) => faults.set('behind', fault),
          onFull: (fault) => faults.set('full', fault),
          untilSaid: reporter.untilSaid,
        }),
      () => drift.run(() => lookAfter.convergence().slots),
      () => reporter.run(),
      () => trying.run(),
      () =>
        renewCertificate({
          ...asks,
          identity,
          role,
          onFault: (fault) => faults.set('certificate', fault),
        }),
      () =>
        moveWhenDirected({
          ...asks,
          folder: layout.identity,
          identity: identity.get,
          accepted,
          wake: moving,
          proxyEnvironment: options.proxyEnvironment,
          retryMs: timing.slotRetryMs,
          onFault: (fault) => faults.set('move', fault),
          onMoved: () => {
            hasMoved = true;
            over.abort(new XylemError('E_INTERRUPTED', 'The host lives in another environment now.'));
          },
        }),
      () => confirmTrial({ self, hasPlanned: lookAfter.hasPlanned, clock, signal }),
      () => rekeyWhenWished({ ...asks, identity, folder: layout.identity }),
    ],
    close: async () => {
      lookAfter.health.close();
      supervisor.close();
      http.close();
    },
  });

  return {
    host,
    environment: environment.id as EnvironmentId,
    stopped: stopped.ended,
    stop: async () => {
      stopped.end();
      await stopped.ended;
    },
    reportSoon,
    parents: trying.wanted,
    hasMoved: () => hasMoved,
    status: () => statusOf(parentOf({ parents, options }), accepted(), lookAfter.convergence(), faults),
  };
}
