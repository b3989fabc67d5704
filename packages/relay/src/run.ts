import { mkdir, statfs } from 'node:fs/promises';
import type { TLSSocket } from 'node:tls';
import type { EnvironmentId, HostId } from '@xylem/core';
import { createHttpClient } from '@xylem/platform';
import { busiest, ServingCounts } from '@xylem/platform/serving';
import { newsHub, openRepository } from '@xylem/store';
import { hostAt, type Identity, isPlainBeyondLoopback, type Peer, peerOf } from '@xylem/trust';
import { relayTiming } from './defaults.ts';
import { Faults, summary } from './faults.ts';
import { arriving, type Follow, openFollow } from './follow/follow.ts';
import { scopeOfCertificate, servingIdentity, upwardTls, watchIdentity } from './identity.ts';
import type { RelayOptions, RelayServing, RelayStatus, RunningRelay } from './options.ts';
import { Children } from './serve/children.ts';
import { forwarding } from './serve/forward.ts';
import { answerLooks } from './serve/looks.ts';
import { relayMetrics } from './serve/metrics.ts';
import { routes } from './serve/routes.ts';
import { type ListeningServer, listenTls } from './serve/server.ts';
import { takeReports } from './serve/take-reports.ts';
import { fill } from './siblings/fill.ts';
import { SiblingsFirst } from './siblings/siblings-first.ts';
import { Site } from './siblings/site.ts';
import { UnderWay } from './siblings/under-way.ts';
import { Forwarder } from './spool/forwarder.ts';
import { Spool } from './spool/spool.ts';
import { AboveFile } from './state/above-file.ts';
import { relayLayout } from './state/layout.ts';
import { RevokedHosts } from './state/revoked.ts';
import { Room } from './state/room.ts';
import { Loops } from './upstream/loops.ts';
import { Neighbours } from './upstream/neighbours.ts';
import { OwnParents } from './upstream/own-parents.ts';
import { RootContact } from './upstream/root-contact.ts';
import { Upstream } from './upstream/upstream.ts';

/**
 * Serves a verified copy of the repository to children and passes their reports on. One relay per state folder.
 * @throws XylemError E_NOT_JOINED, E_CERTIFICATE (this host may not serve), E_PORT_IN_USE, E_STORAGE
 */
/** What a report of a relay holds of them stays small, however many children it has. */
const mostLinksReported = 32;
/** What a spool of reports and the relay's own records need. */
const reserveBytes = 8 * 2 ** 20;

export async function runRelay(options: RelayOptions): Promise<RunningRelay> {
  const { clock, randomness, log, listen } = options;
  const timing = { ...relayTiming, ...options.timing };
  const layout = relayLayout(options.stateFolder);
  let identity = options.identity?.() ?? (await servingIdentity(layout.identity));
  const current = (): Identity => options.identity?.() ?? identity;
  scopeOfCertificate(identity);
  await mkdir(layout.root, { recursive: true, mode: 0o700 });

  const stop = new AbortController();
  const { signal } = stop;
  const repository = await openRepository(layout.repository);
  let dropRevoked = (): void => undefined;
  const revoked = await RevokedHosts.open({
    path: layout.revoked,
    clock,
    log,
    onRevoked: () => dropRevoked(),
  });
  const isRevoked = (host: HostId): boolean => revoked.has(host);
  const proxy = options.proxyEnvironment === undefined ? {} : { proxyEnvironment: options.proxyEnvironment };
  const http =
    options.http ??
    createHttpClient({
      tls: upwardTls(current, revoked),
      maxSockets: 32,
      turnsUp: (url) => options.links?.up(url) ?? null,
      ...proxy,
    });
  const faults = new Faults(clock, () => {
    room.recount();
    options.onFaultsChanged?.();
  });
  const room = new Room({
    layout,
    reserveBytes: options.reserveBytes ?? reserveBytes,
    freeBytes,
    lookMs: timing.roomLookMs,
    clock,
    log,
    faults,
    signal,
    onChanged: () => hub.announceFullness(),
  });
  const aboveFile = new AboveFile(layout.above, log);
  const ownParents = new OwnParents(repository, current, log);
  const mayUse = (url: string): boolean => current().plainHttp === true || !isPlainBeyondLoopback(url);
  const loops = new Loops(() => current().host as HostId, clock, faults);
  const parents = (): readonly string[] =>
    loops
      .pass(
        [...new Set([...(options.parents?.() ?? ownParents.list()), ...neighbours.above()])],
        current().parents,
      )
      .filter(mayUse);
  const above = (): readonly string[] => neighbours.above();
  const upstream = new Upstream({
    http,
    parents,
    above,
    clock,
    randomness,
    log,
    turnsOf: (isBackground) => options.links?.down(isBackground) ?? null,
  });
  const neighbours = new Neighbours({
    http,
    clock,
    timestampMs: timing.timestampMs,
    above: await aboveFile.read(),
    onAbove: (above) => aboveFile.write(above),
    self: () => ({ host: identity.host, url }),
    judge: (parent, line) => loops.judge(parent, line),
  });
  const contact = new RootContact({
    clock,
    cutOffMs: timing.cutOffMs,
    onCutOff: (fault) => {
      if (fault === null) {
        faults.clear('contact');
        log.info('the root server is heard of again');
      } else {
        faults.set('contact', fault);
        log.warn('cut off', { error: fault });
      }
    },
  });
  const site = new Site({
    repository,
    identity: current,
    neighbours: () => neighbours.siblings(),
    isRevoked,
    clock,
    log,
    signal,
  });
  const underWay = new UnderWay();
  const objects = new SiblingsFirst({
    upstream,
    siblings: async () => (options.siblings === false ? [] : await site.siblings()),
    underWay,
    identity: current,
    http,
    clock,
    log,
    timing,
  });
  const hub = newsHub(repository, {
    clock,
    randomness,
    log,
    holdMs: timing.holdMs,
    sinceRootMs: () => contact.sinceRootMs(),
    fullForMs: () => room.fullForMs(),
    onAsked: (_request, environments: readonly EnvironmentId[]) => follow.asked(environments),
  });
  const follow: Follow = await openFollow({
    layout,
    identity: current,
    repository,
    hub,
    http,
    upstream,
    contact,
    objects,
    site,
    ownParents,
    neighbours,
    faults,
    revoked,
    clock,
    randomness,
    log,
    timing,
    signal,
  });
  const { collectorKeys } = follow;
  const spool = await Spool.open({ folder: layout.spool, log, clock, collectorKeys });
  const forwarder = new Forwarder({
    spool,
    http,
    parents: () => upstream.fullness.roomyFirst(upstream.fullness.inOrder(parents())),
    clock,
    randomness,
    log,
    timing,
    signal,
    upNow: () => options.links?.upNow() ?? null,
    onFault: (error) => faults.set('reports', error),
    onTaken: () => faults.clear('reports'),
  });
  const children = new Children(clock);
  const counts = new ServingCounts(clock);
  const peerOn = (socket: TLSSocket): Peer | null => {
    const peer = peerOf(socket, { caPem: identity.caPem, clock, graceMs: timing.certificateGraceMs });
    return peer?.host != null && isRevoked(peer.host) ? null : peer;
  };
  const server: ListeningServer = await listenTls({
    identity,
    listen,
    log,
    maxConnections: options.maxConnections ?? 20_000,
    handshakes: counts.handshakes,
    handle: counts.counted(
      (socket) => hostAt(socket as TLSSocket, identity.caPem),
      routes({
        peerOf: peerOn,
        scopes: follow.scopes,
        isInstall: follow.isInstall,
        repository,
        hub,
        children,
        spool,
        log,
        arriving: async (domain, path) => {
          if (room.isFull) return;
          const { flights } = follow;
          await follow.bringPatch(domain, path);
          await arriving({ flights, repository, clock, mostMs: timing.waitForFlightMs }, domain, path);
        },
        fill: (asked, response) =>
          fill({ repository, flights: follow.flights, underWay, clock, timing }, asked, response),
        makeHostMap: (asked) => follow.makeHostMap(asked),
        missed: (domain) => follow.ownCopy.missed(domain),
        doubt: (domain, digest, kind) => follow.ownCopy.doubt(domain, digest, kind),
        forward: forwarding({ http, parents, clock, log, timeoutMs: timing.forwardTimeoutMs, signal }),
        reports: takeReports({
          spool,
          log,
          isRevoked,
          onTaken: (reports) => forwarder.wake(reports),
          onRefused: (error) => room.refused(error),
        }),
        looks: answerLooks({ spool, log }),
        parents: () => ({
          url,
          host: identity.host,
          siblings: neighbours.siblings(),
          above: parents(),
          line: neighbours.line(),
        }),
        onAsked: follow.asked,
        turnsOf: (host, isBackground) =>
          host === current().host ? null : (options.links?.serve(host ?? 'strangers', isBackground) ?? null),
        metrics: () => relayMetrics({ counts, spool, status: status() }),
      }),
    ),
  }).catch(async (error: unknown) => {
    // Nothing may go on: whoever started it tries again, or ends.
    stop.abort();
    hub.close();
    await follow.close();
    await spool.close();
    if (options.http === undefined) http.close();
    throw error;
  });
  const localUrl = `https://${hostInUrl(listen.host)}:${server.port}`;
  const url = options.url ?? localUrl;

  const running = Promise.all([
    follow.run(),
    forwarder.run(),
    room.run(),
    watchIdentity({
      clock,
      log,
      signal,
      current: () => identity,
      read: async () => options.identity?.() ?? (await servingIdentity(layout.identity)),
      onRenewed: (renewed) => {
        identity = renewed;
        server.renew(renewed);
      },
    }),
  ]);
  dropRevoked = () => {
    const fits = (socket: TLSSocket): boolean => {
      const host = hostAt(socket, identity.caPem);
      return host !== null && isRevoked(host);
    };
    server.drop(fits);
    http.drop(fits);
    spool.forget(isRevoked);
  };
  // What was kept from before the last start may hold them too.
  dropRevoked();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      stop.abort();
      hub.close();
      await Promise.all([server.close(), follow.close()]);
      await running.catch(() => undefined);
      await Promise.all([spool.close(), aboveFile.written()]);
      if (options.http === undefined) http.close();
    })();
    return closing;
  };
  options.signal?.addEventListener('abort', () => void close(), { once: true });
  if (options.signal?.aborted === true) void close();
  const stopped = running.then(
    async () => await close(),
    async (error: unknown) => {
      await close();
      throw error;
    },
  );
  // Whoever does not wait for it must not be ended by it.
  stopped.catch((error: unknown) => log.error('relay ended', { error }));
  log.info('relay serves', { url });

  const refusedObjects = (): number => follow.flights.refused + follow.ownCopy.damaged;
  const status = (): RelayStatus => ({
    url,
    children: children.list(),
    followed: [...follow.workers()].map(([environment, { copy }]) => ({
      environment,
      snapshot: copy.snapshot,
    })),
    spooledReports: spool.size,
    supersededReports: spool.superseded,
    supersededReportsTotal: spool.supersededTotal,
    refusedObjects: refusedObjects(),
    sinceRootMs: contact.sinceRootMs(),
    faults: faults.list(),
  });
  const parentNow = (): RelayServing['parent'] =>
    upstream.current === null ? null : { url: upstream.current, host: neighbours.hostOf(upstream.current) };
  const serving = (): RelayServing => ({
    url,
    // This machine's own host asks here too.
    children: children.list().filter(({ host }) => host !== identity.host),
    parent: parentNow(),
    faults: summary(faults.list()),
    refusedObjects: refusedObjects(),
    supersededReports: spool.superseded,
    supersededReportsTotal: spool.supersededTotal,
    carried: () => busiest(counts.links(), mostLinksReported),
  });
  return {
    url,
    localUrl,
    port: server.port,
    status,
    parentsChanged: () => follow.askAgain(),
    serving,
    stopped,
    close,
  };
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** IPv6 goes in brackets; an address that means "all" is dialled on this machine. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}
