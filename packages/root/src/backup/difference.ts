import type { Restored } from '../api/schemas/root.ts';
import { allEnvironments, refOf } from '../environments/names.ts';
import { hostsIn } from '../hosts/host-rows.ts';
import type { HostView } from '../hosts/view.ts';
import { viewsOf } from '../hosts/views.ts';
import type { Root } from '../root.ts';
import { askRelays } from './ask-relays.ts';
import { foundDirections } from './found.ts';
import { heardSince, highest } from './heard.ts';
import { lostSentences } from './lost.ts';
import { recoveryOf } from './recovery.ts';
import { trafficSince } from './traffic-since.ts';

/** A list that a person reads; `lost` and the counts speak of all. */
const maxShown = 1000;

type Difference = Restored['environments'][number]['differences'][number];

/** What the tree says beside what the backup says. Nothing is directed by looking. */
export async function restoredDifference(root: Root): Promise<Restored> {
  const mark = root.restored.read();
  if (mark === null) {
    return {
      restored: false,
      backupTaken: null,
      hostsHeard: 0,
      hostsSilent: 0,
      unknownHosts: [],
      joinedHosts: [],
      awaitedHosts: 0,
      changedHosts: [],
      lost: [],
      environments: [],
    };
  }
  // What relays still hold of what was lost makes the difference smaller before anyone has to judge it.
  await askRelays(root);
  const heard = await heardSince(root.db, mark);
  const found = await foundDirections(root.db);
  const recovery = await recoveryOf(root.db);
  const rows = await allEnvironments(root.db);
  const names = new Map(rows.map((row) => [row.id, refOf(row)]));
  const joined = new Set(recovery.joined.map(({ host }) => host));
  const unknown = root.restored.unknownHosts().filter(({ host }) => !joined.has(host));
  const hosts = (await hostsIn(root.db)).filter((host) => !host.retired);
  const views = await viewsOf(root, hosts);
  const isHeard = ({ receivedMs }: HostView): boolean => receivedMs !== null && receivedMs >= mark.restoredMs;
  const environments = rows.map((row) => {
    const { number, snapshot } = highest(heard, row.id, found.get(row.id));
    const own = views.filter((view) => view.host.environment === row.id && isHeard(view));
    return {
      environment: refOf(row),
      backupNumber: root.directing.state(row.id)?.number ?? 0,
      highestNumber: number,
      highestSnapshot: snapshot,
      differences: differencesOf(own),
    };
  });
  return {
    restored: true,
    backupTaken: mark.taken,
    hostsHeard: views.filter(isHeard).length,
    hostsSilent: views.filter((view) => !isHeard(view)).length,
    unknownHosts: unknown.map(({ host }) => host),
    joinedHosts: recovery.joined.slice(0, maxShown).map(({ host, environment, entry, own }) => ({
      id: host,
      name: entry?.name ?? own.name,
      environment: names.get(environment) ?? { id: environment, name: environment },
      serve: entry === null ? own.serves !== null : entry.serve === true,
      retired: entry?.retired === true,
      labels: entry === null ? null : { ...entry.labels },
    })),
    awaitedHosts: recovery.awaited.length,
    changedHosts: recovery.changed.slice(0, maxShown).map(({ host, entry, keys }) => ({
      id: host.id,
      name: host.name,
      changed: [...keys],
      retired: entry.retired === true,
    })),
    lost: lostSentences({
      environments: rows,
      recovery,
      unknown,
      documents: new Map([...found].map(([id, { document }]) => [id, document])),
      traffic: await trafficSince(root.db, rows, mark, root.clock.now()),
    }),
    environments,
  };
}

/** Components that run in another package than the backup's desired state gives to their host. */
function differencesOf(views: readonly HostView[]): Difference[] {
  const found = new Map<string, Difference & { runningVersions: { version: string; hosts: number }[] }>();
  for (const { components } of views) {
    for (const c of components) {
      if (c.package === c.wantedPackage) continue;
      const key = `${c.product} ${c.component} ${c.wantedVersion}`;
      const entry = found.get(key) ?? {
        product: c.product ?? '',
        component: c.component,
        backupVersion: c.wantedVersion,
        runningVersions: [],
      };
      const version = c.version ?? 'nothing';
      const running = entry.runningVersions.find((row) => row.version === version);
      if (running === undefined) entry.runningVersions.push({ version, hosts: 1 });
      else running.hosts += 1;
      found.set(key, entry);
    }
  }
  return [...found.values()];
}
