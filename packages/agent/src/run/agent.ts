import { mkdir } from 'node:fs/promises';
import { type EnvironmentId, type Version, XylemError } from '@xylem/core';
import { createHttpClient } from '@xylem/platform';
import type { ExecutorTools } from '../converge/apply/executor.ts';
import { type Convergence, converger } from '../converge/converge.ts';
import { codedFault } from '../converge/faults.ts';
import { observeSlots } from '../converge/observe.ts';
import { acceptedFile } from '../direction/accepted-file.ts';
import { documentsIn } from '../direction/documents.ts';
import { followDirection } from '../direction/follow.ts';
import { refresher as makeRefresher } from '../direction/refresh.ts';
import { repositoriesOf } from '../direction/repositories.ts';
import type { Accepted } from '../direction/wanted.ts';
import { drivers } from '../drivers/index.ts';
import { serviceSpec } from '../drivers/service/spec.ts';
import { type HealthCheck, healthCheckOf } from '../health/check.ts';
import { healthWatch } from '../health/watch.ts';
import { openIdentity } from '../identity/current.ts';
import { renewCertificate } from '../identity/renew.ts';
import { roleOf } from '../identity/role.ts';
import type { AgentOptions, AgentStatus, RunningAgent } from '../options.ts';
import { parentsOf } from '../parents/parents.ts';
import { buildReport, type ReportBody, type Since } from '../reports/build.ts';
import { hostFacts } from '../reports/facts.ts';
import { reporter as makeReporter } from '../reports/send.ts';
import { openReportSpool } from '../reports/spool.ts';
import { stateLayout } from '../state/layout.ts';
import { lockState } from '../state/lock.ts';
import { supervisorClient } from '../supervisor/client.ts';
import { fetchingThrough } from './fetching.ts';
import { defaultTiming } from './timing.ts';
import { wakeable } from './wake.ts';

/**
 * Runs the agent of a joined host: follows its direction, leads its components there, reports. Resolves when it runs;
 * its end is `stopped`. Without any parent it keeps and repairs what it last accepted.
 * @throws XylemError E_NOT_JOINED, E_STATE_LOCKED, E_STATE_DAMAGED
 */
export async function runAgent(options: AgentOptions): Promise<RunningAgent> {
  const { clock, randomness, log } = options;
  const timing = { ...defaultTiming, ...options.timing };
  const layout = stateLayout(options.stateFolder);
  const identity = await openIdentity(layout.identity);
  const lock = await lockState(layout.lock, randomness);
  for (const folder of [layout.components, layout.logs])
    await mkdir(folder, { recursive: true, mode: 0o755 });
  const { host, environment, name } = identity.get();
  const over = new AbortController();
  const end = (): void => over.abort(new XylemError('E_INTERRUPTED', 'The agent was asked to end.'));
  options.signal?.addEventListener('abort', end, { once: true });
  if (options.signal?.aborted === true) end();
  const { signal } = over;

  const http = createHttpClient({
    tls: () => identity.tls(),
    ...(options.proxyEnvironment === undefined ? {} : { proxyEnvironment: options.proxyEnvironment }),
  });
  let accepted: Accepted | null = null;
  const parents = parentsOf({
    http,
    clock,
    randomness,
    log,
    wanted: () => [
      ...(options.parentsFirst?.() ?? []),
      ...(accepted?.entry.parents ?? identity.get().parents),
    ],
    returnToFirstMs: timing.returnToFirstMs,
  });
  const fetching = fetchingThrough(parents, layout, signal, log);
  const looked = wakeable(clock);
  const supervisor = supervisorClient({
    stateFolder: options.stateFolder,
    command: options.supervisorCommand,
    clock,
    log,
    changed: () => looked.wake(),
  });
  const node = options.node ?? process.execPath;
  const tools: ExecutorTools = {
    layout,
    node,
    supervisor,
    clock,
    log,
    signal,
    drivers,
    fetchTree: fetching.fetchTree,
  };
  const converging = converger({
    tools,
    onJournalPoint: options.onJournalPoint,
    slotRetryMs: timing.slotRetryMs,
  });

  const role = roleOf({ identity, accepted: () => accepted, clock, tell: options.onServeChange });
  const refresher = makeRefresher({
    identity: identity.get(),
    repositories: repositoriesOf(identity.get(), layout.trust, clock, log),
    documents: documentsIn(layout.documents),
    file: acceptedFile(layout.accepted, log),
    platform: { os: process.platform, arch: process.arch },
    places: { layout, node },
    clock,
    log,
    signal,
    onAccepted: (next) => {
      accepted = next;
      converging.forgetPostponed();
      fetching.giveUpUnless(next);
      role.look();
      looked.wake();
      reporting.poke();
    },
  });

  const faults = new Map<'direction' | 'converging' | 'certificate', XylemError>();
  const setFault = (what: 'direction' | 'converging' | 'certificate', fault: XylemError | null): void => {
    const before = faults.get(what)?.code;
    if (fault === null) faults.delete(what);
    else faults.set(what, fault);
    if (before !== fault?.code) reporting.poke();
  };

  let convergence: Convergence = { slots: new Map(), waiting: new Map(), rested: false };
  const removing = new Set<string>();
  const health = healthWatch(clock, () => reporting.poke());
  const watchHealth = (): void => {
    const watched = new Map<string, { check: HealthCheck; instance: string }>();
    for (const { component, record, running } of convergence.slots.values()) {
      const installed = record?.installed ?? null;
      if (running === null || installed === null || installed.kind !== 'service') continue;
      const check = healthCheckOf(installed, tools);
      if (check === null || !running.alive) continue;
      if (serviceSpec(installed, tools).fingerprint !== running.fingerprint) continue;
      watched.set(component, { check, instance: running.instance });
    }
    health.watch(watched);
  };
  const healthy = (component: string, instance: string): boolean | null => {
    const document = convergence.slots.get(component)?.record?.installed?.document;
    // A service without a check is as well as its process, and that lives.
    return document !== undefined && document.health === undefined
      ? true
      : health.healthy(component, instance);
  };

  const since: Since = new Map();
  const body = async (): Promise<ReportBody> => {
    const slots = await observeSlots(tools, drivers).catch(() => convergence.slots);
    const frozen = accepted?.frozen;
    return buildReport(
      {
        host,
        environment: environment.id,
        certificate: identity.get().certificatePem,
        agent: (options.agentVersion ?? '0.1.0') as Version,
        name,
        facts: await hostFacts(layout.root),
        snapshot: refresher.snapshot(),
        accepted,
        parent: parents.current(),
        serving: options.serving?.() ?? null,
        convergence: { ...convergence, slots },
        removing,
        healthy,
        faults: [...(frozen === undefined ? [] : [frozen]), ...faults.values()],
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
  const reporting = makeReporter({
    host,
    spool,
    parents,
    http,
    clock,
    randomness,
    log,
    timing,
    signal,
    allowPlainHttp: options.allowPlainHttp === true,
    body,
    collectorKey: () => accepted?.collectorKey ?? null,
    everyMs: () => (accepted?.reportEverySeconds ?? 3_600) * 1_000,
  });

  const converge = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        convergence = await converging.run(
          () => accepted,
          ({ component, action }) => {
            if (action === 'remove') removing.add(component);
          },
        );
        removing.clear();
        watchHealth();
        const needsSupervisor = [...convergence.slots.values()].some(({ running }) => running !== null);
        if (!needsSupervisor) supervisor.close();
        setFault('converging', null);
      } catch (error) {
        if (signal.aborted) return;
        log.error('converging failed', { cause: error });
        setFault('converging', codedFault(error, 'looking after components'));
        await clock.sleep(timing.slotRetryMs / 4, signal).catch(() => undefined);
      }
      reporting.poke();
      await looked
        .sleep(Math.min(timing.observeMs, converging.retryInMs() ?? timing.observeMs), signal)
        .catch(() => undefined);
    }
  };

  await refresher.open();
  accepted = refresher.accepted();
  role.look();
  log.info('agent runs', { host, environment: environment.name, accepted: accepted?.number ?? null });
  const common = { parents, http, clock, randomness, log, signal };
  const loops = [
    converge(),
    followDirection({
      ...common,
      identity: identity.get(),
      refresher,
      timing,
      onFault: (fault) => setFault('direction', fault),
    }),
    reporting.run(),
    renewCertificate({
      ...common,
      identity,
      role,
      onFault: (fault) => setFault('certificate', fault),
    }),
  ];
  const finish = async (): Promise<void> => {
    try {
      await Promise.all(
        loops.map((loop) =>
          loop.catch((error: unknown) => {
            if (!signal.aborted) throw error;
          }),
        ),
      );
    } finally {
      end();
      await Promise.allSettled(loops);
      options.signal?.removeEventListener('abort', end);
      health.close();
      supervisor.close();
      http.close();
      await lock.release();
    }
  };
  const stopped = finish();
  stopped.catch(() => undefined);

  return {
    host,
    environment: environment.id as EnvironmentId,
    stopped,
    stop: async () => {
      end();
      await stopped;
    },
    reportSoon: () => reporting.poke(),
    status: (): AgentStatus => ({
      parent: parents.current()?.url ?? null,
      direction: accepted === null ? null : { snapshot: accepted.snapshot, number: accepted.number },
      converged: accepted !== null && convergence.rested && convergence.waiting.size === 0,
      waiting: [
        ...[...faults.values()].map(({ code, message }) => ({ component: null, code, message })),
        ...[...convergence.waiting].map(([component, { code, message }]) => ({ component, code, message })),
      ],
    }),
  };
}
