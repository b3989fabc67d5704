import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type LinkLimit, type RepositoryId, XylemError } from '@xylem/core';
import { type Clock, Gate, type Log, type Randomness } from '@xylem/platform';
import { acceptBacklog, handshakeTimeout, LimitedLinks, ServingCounts } from '@xylem/platform/serving';
import { newsHub, openRepository } from '@xylem/store';
import { CertificateAuthority, hostAt } from '@xylem/trust';
import { allHandlers } from './api/all-handlers.ts';
import { createApi } from './api/server.ts';
import { openAuditing } from './audit/auditing.ts';
import { createIssuers } from './auth/oidc/issuers.ts';
import { createPasswords } from './auth/passwords.ts';
import { restoredState } from './backup/restored-state.ts';
import { createStrangers } from './backup/strangers.ts';
import { type DatabaseConfig, openDatabase } from './db/open.ts';
import { claimPostgres } from './db/postgres-claim.ts';
import { createDeploying } from './deployments/deploying.ts';
import { eventFeed } from './deployments/events.ts';
import { createDirecting } from './directing/directing.ts';
import { openRevokedHosts } from './hosts/revoked.ts';
import { evaluateIncidents } from './incidents/evaluate.ts';
import { createIngest } from './ingest/ingest.ts';
import { keyFiles, loadExistingKey } from './keys/root-keys.ts';
import { runMaintenance } from './maintenance.ts';
import { settleAll, settleMigrations } from './migrations/settle.ts';
import { openDeparted } from './moves/departed.ts';
import { createAuthoriser, isRevokedPeer } from './nodes/authorise.ts';
import { dropper } from './nodes/dropper.ts';
import { nodesFront } from './nodes/front.ts';
import { runDelivery } from './notify/run.ts';
import { createPatching } from './patches/patching.ts';
import { createReleasePublisher } from './publishing/release-publisher.ts';
import { singleFlight } from './publishing/single-flight.ts';
import { sqlChunkIndex } from './publishing/sql-chunk-index.ts';
import { needLifts } from './quarantine/carried.ts';
import type { Root } from './root.ts';
import { addMetrics } from './serving/metrics.ts';
import { databaseOf, isInitialized, type RootConfig, readConfig, statePaths } from './state/folder.ts';
import { lockState } from './state/lock.ts';
import { ownCertificate, renewOwnCertificate } from './state/tls.ts';
import {
  type CertificateFiles,
  followUserCertificate,
  readUserCertificate,
} from './state/user-certificate.ts';
import { addStatusPage } from './status/routes.ts';
import { finishRemovals } from './store-gc/removals.ts';
import { createProber } from './verification/prober.ts';

export interface RunRootOptions {
  readonly stateFolder: string;
  /** Plain HTTP for the API and the status page; keep it on loopback. Port 0: any. */
  readonly api: { readonly host: string; readonly port: number };
  /** TLS for nodes (and for the API from elsewhere). `url`: how nodes reach it; default `https://<host>:<port>`. */
  readonly nodes: { readonly host: string; readonly port: number; readonly url?: string };
  /** The API and the status page by TLS with a certificate of the operator's own, beside both others. */
  readonly https?: CertificateFiles & { readonly host: string; readonly port: number };
  /** The command that starts the process in which patches are made (`runPatchMaker`); absent: none are made. */
  readonly patchMaker?: readonly string[];
  /** What it may give to nodes. Default: as much as they take. */
  readonly limits?: readonly LinkLimit[];
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  readonly signal?: AbortSignal;
}

export interface RunningRoot {
  readonly apiUrl: string;
  readonly nodesUrl: string;
  readonly httpsUrl?: string;
  /** Resolves after `close`; rejects, once all is closed, when it had to end by itself (E_STATE_LOCKED). */
  readonly ended: Promise<void>;
  /** Stops taking requests, finishes what is being written, releases the lock. */
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A connection on which nothing moves: longer than a held request, shorter than for ever. */
const idleMs = 120_000;

/**
 * Runs the root server of a state folder that `initRoot` made, until `close` or `signal`.
 * @throws XylemError E_NOT_FOUND (no such folder), E_STATE_LOCKED, E_STATE_VERSION, E_STATE_DAMAGED, E_PORT_IN_USE,
 *   E_STORAGE
 */
export async function runRoot(options: RunRootOptions): Promise<RunningRoot> {
  const paths = statePaths(options.stateFolder);
  if (!(await isInitialized(paths))) {
    throw new XylemError(
      'E_NOT_FOUND',
      `${options.stateFolder} holds no root server. Make one with \`xylem root init\`.`,
    );
  }
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer();
  };
  try {
    const lock = lockState(paths.lock);
    closers.push(() => lock.release());
    const config = await readConfig(paths);
    const lost = await claimDatabase(options, databaseOf(paths, config), closers);
    const running = await start(options, config, closers);
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
    // Whoever does not wait for it has asked for no more than `close`.
    ended.catch(() => undefined);
    let closing: Promise<void> | null = null;
    const closeOnce = (): Promise<void> => {
      closing ??= close().finally(() => (lost.aborted ? reject(lost.reason as XylemError) : resolve()));
      return closing;
    };
    for (const signal of [options.signal, lost]) {
      signal?.addEventListener('abort', () => void closeOnce(), { once: true });
    }
    if (lost.aborted) await closeOnce();
    return { ...running, ended, close: closeOnce };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * No second root server on the same database: a copy of the state folder has a lock of its own.
 * @returns aborts, with the fault as its reason, when another has taken the database
 */
async function claimDatabase(
  { clock, log }: RunRootOptions,
  config: DatabaseConfig,
  closers: (() => unknown)[],
): Promise<AbortSignal> {
  const lost = new AbortController();
  if (config.kind === 'sqlite') return lost.signal;
  const claim = await claimPostgres({
    url: config.url,
    clock,
    log,
    onLost: (fault) => {
      log.error('another root server has taken the database; this one ends', { error: fault });
      lost.abort(fault);
    },
  });
  closers.push(() => claim.release());
  return lost.signal;
}

async function start(
  options: RunRootOptions,
  config: RootConfig,
  closers: (() => unknown)[],
): Promise<Omit<RunningRoot, 'close' | 'ended'>> {
  const { clock, randomness, log } = options;
  const paths = statePaths(options.stateFolder);
  const db = await openDatabase(databaseOf(paths, config));
  closers.push(() => db.destroy());
  const repository = await openRepository(paths.repository);
  const files = keyFiles(paths.keys);
  const authority = await CertificateAuthority.load(files.ca, clock, randomness);
  const collector = await loadExistingKey(files.collector);
  const tlsKey = await loadExistingKey(files.tls);
  const restored = await restoredState(db);
  const revoked = await openRevokedHosts(db);
  const departed = await openDeparted(db);
  const audit = await openAuditing(paths, { db, clock, log });
  let certificate = await ownCertificate(authority, tlsKey);
  const stop = new AbortController();
  const news = newsHub(repository, { clock, randomness, log, sinceRootMs: () => 0 });
  closers.push(() => news.close());

  const releases =
    config.releaseRepository === null
      ? null
      : createReleasePublisher({
          repository: config.releaseRepository as RepositoryId,
          folder: repository,
          db,
          clock,
          keysFolder: paths.keys,
          restored,
        });
  const directing = createDirecting({
    db,
    folder: repository,
    clock,
    log,
    collector,
    keysFolder: paths.keys,
    restored,
    release: () =>
      releases === null
        ? null
        : { repository: releases.repository, snapshotVersion: releases.snapshotVersion() },
    announce: (environment) => news.announce(environment),
  });
  closers.push(() => directing.close());
  const deploying = createDeploying({
    db,
    paths,
    clock,
    randomness,
    log,
    directing,
    restored,
    repository,
    events: eventFeed(),
  });

  let nodesUrl = options.nodes.url ?? '';
  const root: Root = {
    paths,
    config,
    db,
    clock,
    randomness,
    log,
    repository,
    contents: new Gate(),
    authority,
    collector,
    chunks: sqlChunkIndex(db),
    releases,
    directing,
    deploying,
    prober: createProber({ db, clock, log, signal: stop.signal, wake: (id) => deploying.wake(id) }),
    audit,
    passwords: createPasswords(randomness),
    issuers: createIssuers(clock),
    restored,
    revoked,
    departed,
    identity: () => ({ key: tlsKey, certificatePem: certificate.pem, caPem: authority.certificatePem }),
    nodesUrl: () => nodesUrl,
    startedMs: clock.now(),
    counts: new ServingCounts(clock),
  };
  const authoriser = createAuthoriser(root);
  const lookAtIncidents = singleFlight(() => evaluateIncidents(root));
  const ingest = createIngest({
    db,
    clock,
    log,
    collector,
    onChanged: (reports) => {
      deploying.reportsArrived(reports);
      void lookAtIncidents().catch((error: unknown) => log.error('looking at incidents failed', { error }));
      const runners = reports.filter(({ migrations }) => migrations !== undefined);
      void settleMigrations(db, runners, clock.now())
        .then((environments) => Promise.all([...environments].map((id) => directing.publish(id))))
        .catch((error: unknown) => log.error('what runners report was not taken', { error }));
      // With the end of a job its order leaves the host map.
      const ended = reports.filter(({ jobs }) => jobs?.some(({ result }) => result !== undefined) === true);
      for (const environment of new Set(ended.map((report) => report.environment))) {
        directing.wake(environment);
        deploying.wakePlans(environment);
      }
      // A host that came from elsewhere, or went back, may have releases ahead that nobody else here has.
      for (const { environment, waiting } of reports)
        if (waiting.some(({ code }) => code === 'E_WAYPOINT')) directing.wake(environment);
      void needLifts(db, reports)
        .then((environments) => {
          for (const id of environments) directing.wake(id);
        })
        .catch((error: unknown) => log.error('who needs lifts is not known', { error }));
    },
    onMoved: async (from) => {
      await departed.reload();
      directing.wake(from);
    },
    strangers: createStrangers(root),
    states: directing.saidStates,
    isRestored: () => restored.isRestored(),
  });

  const api = await createApi({
    db,
    clock,
    tenant: config.tenant,
    handlers: allHandlers(root),
    log,
    stop: stop.signal,
    isLocal: (request) => !('encrypted' in request.socket),
  });
  await addStatusPage(api, root);
  const { counts } = root;
  await addMetrics(api, { root, ingest });
  await api.ready();
  closers.push(() => api.close());
  // Before anyone is answered: what a crash left between database and folder is made good.
  await releases
    ?.publish()
    .catch((error: unknown) => log.error('the release repository could not be published', { error }));
  await finishRemovals({ db, repository });
  await settleAll(db, clock.now());
  await directing.publishAll();

  const ask: Handler = (request, response) => api.routing(request, response);
  const countedApi = counts.counted(() => null, ask);
  const apiServer = createHttpServer(countedApi);
  const apiAddress = await listen(apiServer, options.api, closers);
  const front = nodesFront({
    root,
    authoriser,
    news,
    ingest,
    links: new LimitedLinks({ clock, log, own: options.limits ?? [] }),
    others: ask,
  });
  const hostOn = (socket: Socket): string | null => hostAt(socket as TLSSocket, authority.certificatePem);
  const nodesTls = { ...certificate.options, handshakeTimeout };
  const nodesServer = createTlsServer(nodesTls, counts.counted(hostOn, front));
  const admitted = counts.handshakes.admit(nodesServer);
  revoked.onAdded(dropper(nodesServer, (socket) => isRevokedPeer(root, socket)));
  const nodesAddress = await listen(nodesServer, options.nodes, closers);
  closers.push(() => admitted.close());
  if (nodesUrl === '') nodesUrl = `https://${hostOf(options.nodes.host)}:${nodesAddress.port}`;
  closers.push(() => stop.abort());

  await deploying.evaluateAll();
  await deploying.startWaiting();
  await deploying.plans.driveAll();
  const renewCertificate = async (): Promise<void> => {
    certificate = await renewOwnCertificate(nodesServer, certificate, authority, tlsKey, clock.now());
  };
  const patching =
    options.patchMaker === undefined ? null : createPatching({ root, command: options.patchMaker });
  const maintenance = runMaintenance({ root, renewCertificate, patching, signal: stop.signal });
  const delivery = runDelivery({ ...root, signal: stop.signal });
  closers.push(async () => {
    stop.abort();
    await patching?.close();
    await maintenance;
    await delivery;
  });
  const httpsUrl = await listenHttps(options, countedApi, stop.signal, closers);
  const apiUrl = `http://${hostOf(options.api.host)}:${apiAddress.port}`;
  log.info('root server runs', { api: apiUrl, nodes: nodesUrl, restored: restored.isRestored() });
  return { apiUrl, nodesUrl, ...(httpsUrl === null ? {} : { httpsUrl }) };
}

/** @returns where the API is reached by the operator's own certificate, null: nowhere */
async function listenHttps(
  { https, clock, log }: RunRootOptions,
  handle: Handler,
  signal: AbortSignal,
  closers: (() => unknown)[],
): Promise<string | null> {
  if (https === undefined) return null;
  const shown = await readUserCertificate(https);
  const server = createTlsServer({ ...shown, minVersion: 'TLSv1.2' }, handle);
  const { port } = await listen(server, https, closers);
  void followUserCertificate({ files: https, shown, server, clock, log, signal });
  return `https://${hostOf(https.host)}:${port}`;
}

async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  closers: (() => unknown)[],
): Promise<AddressInfo> {
  // A pack over a slow line takes its time; only a connection on which nothing moves is ended.
  server.requestTimeout = 0;
  server.timeout = idleMs;
  server.keepAliveTimeout = 75_000;
  server.headersTimeout = 20_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(listenFault(cause, host, port)));
    server.listen({ port, host, backlog: acceptBacklog }, resolve);
  });
  closers.push(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // Held requests are answered by their own closers; what still hangs after a moment is cut.
        setTimeout(() => server.closeAllConnections(), 1000).unref();
      }),
  );
  return server.address() as AddressInfo;
}

function listenFault(cause: NodeJS.ErrnoException, host: string, port: number): XylemError {
  if (cause.code === 'EADDRINUSE')
    return new XylemError('E_PORT_IN_USE', `${host}:${port} is taken.`, { cause });
  if (cause.code === 'EACCES')
    return new XylemError('E_PERMISSION', `Port ${port} needs more rights.`, { cause });
  return new XylemError('E_NETWORK', `Cannot listen on ${host}:${port}: ${cause.message}.`, { cause });
}

const hostOf = (host: string): string => (host.includes(':') ? `[${host}]` : host);
