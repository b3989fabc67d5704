import { parseDesiredState, XylemError } from '@xylem/core';
import { appendAudit } from '../audit/audit.ts';
import type { Database } from '../db/tables.ts';
import { activeDeployments, deploymentOf, saveDeployment } from '../deployments/rows.ts';
import { allEnvironments, refOf } from '../environments/names.ts';
import { cancelRestored } from '../moves/settle.ts';
import type { Root } from '../root.ts';
import { adoptQuarantines } from './adopt-quarantines.ts';
import { adoptRevocations } from './adopt-revocations.ts';
import { adoptRunning } from './adopt-running.ts';
import { askRelays } from './ask-relays.ts';
import { writeFloor } from './floors.ts';
import { foundDirections } from './found.ts';
import { restoredPins } from './found-pins.ts';
import { heardSince, highest, highestRelease } from './heard.ts';
import { type Recovery, recoveryOf } from './recovery.ts';
import { columnsOf, registerFound } from './register-found.ts';
import { keepTraffic, trafficSentence, trafficSince } from './traffic-since.ts';

/**
 * Hosts report the snapshots that they accepted, not the timestamps, and some have not reported yet: what is signed
 * next stays above them by a margin, a quarter of an hour ahead of the clock at most.
 */
const unheardVersions = 1000;

/**
 * Ends restored mode. `hosts`: the releases that most of the heard hosts run become what should run, and what an
 * operator said about hosts since the backup counts; `backup`: what the backup says is directed again. Either way hosts
 * that joined since are registered, who was retired since stays so, and deployments that were under way are over.
 * All that is signed from then on lies above what hosts have accepted, so that none takes it for an attack.
 * @throws XylemError E_CONFLICT (not restored), E_NOT_FOUND (hosts run a release that is not in the backup)
 */
export async function confirmRestore(root: Root, keep: 'hosts' | 'backup', who: string) {
  const mark = root.restored.read();
  if (mark === null)
    throw new XylemError('E_CONFLICT', 'This root server was not restored, or is confirmed already.');
  await askRelays(root);
  const environments = await allEnvironments(root.db);
  const nowMs = root.clock.now();
  const hostsTaken = await root.db.transaction().execute(async (trx) => {
    const recovery = await recoveryOf(trx);
    const found = await foundDirections(trx);
    const heard = await heardSince(trx, mark);
    for (const row of await activeDeployments(trx)) {
      const reason = 'It was under way when the backup was taken.';
      await saveDeployment(trx, { ...deploymentOf(row), state: 'aborted', reason }, nowMs);
    }
    const moved = await trafficSince(trx, environments, mark, nowMs);
    if (keep === 'hosts') await keepTraffic(trx, moved, nowMs);
    await takeHosts(trx, recovery, keep, nowMs);
    await cancelRestored(trx, nowMs);
    for (const environment of environments) {
      const document = found.get(environment.id)?.document;
      if (document === undefined) continue;
      const newest = parseDesiredState(document);
      await adoptQuarantines(trx, environment, newest, nowMs);
      await adoptRevocations(trx, newest, nowMs);
    }
    if (keep === 'hosts') {
      const retired = await retiredHosts(trx);
      const counted = heard.filter(({ host }) => !retired.has(host));
      for (const environment of environments) {
        const document = found.get(environment.id)?.document;
        const newest = document === undefined ? null : parseDesiredState(document);
        await adoptRunning(trx, environment, counted, newest);
      }
    }
    await appendAudit(trx, nowMs, {
      who,
      what: 'root.restore.confirm',
      subject: 'root',
      before: { taken: mark.taken, unknownHosts: root.restored.unknownHosts() },
      after: {
        keep,
        hostsHeard: heard.length,
        hostsTaken: recovery.joined.length,
        ...(moved.length === 0 ? {} : { traffic: moved.map(trafficSentence) }),
      },
    });
    for (const { id } of environments) {
      const { number, snapshot } = highest(heard, id, found.get(id));
      await writeFloor(trx, id, { number: number + 1, version: snapshot + unheardVersions });
    }
    if (root.releases !== null) {
      const { repository } = root.releases;
      await writeFloor(trx, repository, {
        number: 0,
        version: highestRelease(heard, repository) + unheardVersions,
      });
    }
    await trx.deleteFrom('found_directions').execute();
    await root.restored.clear(trx);
    return recovery.joined.length;
  });
  root.restored.cleared();
  await root.revoked.reload();
  await root.releases?.publish();
  for (const { id } of environments) await root.directing.publish(id);
  return { environments: environments.map(refOf), kept: keep, hostsTaken };
}

/** What stays in `found_hosts` afterwards are hosts that the host map names and that have not reported yet. */
async function takeHosts(
  trx: Database,
  { joined, changed }: Recovery,
  keep: 'hosts' | 'backup',
  nowMs: number,
): Promise<void> {
  for (const found of joined) await registerFound(trx, found, found.own, nowMs);
  for (const { host, entry, pins, keys } of changed) {
    const columns = columnsOf(entry, restoredPins(pins, host.pinned, nowMs));
    const after = keep === 'hosts' ? columns : { retired: columns.retired };
    if (keep === 'backup' && !keys.includes('retired')) continue;
    await trx.updateTable('hosts').set(after).where('id', '=', host.id).execute();
    const { labels, parents, config, pinned, adopt, undo, serve, retired } = host;
    const before = { labels, parents, config, pinned, adopt, undo, serve, retired };
    await appendAudit(trx, nowMs, {
      who: 'restore',
      what: 'host.found',
      subject: `host/${host.id}`,
      environment: host.environment,
      before,
      after,
    });
  }
  const registered = trx.selectFrom('hosts').select('id');
  await trx.deleteFrom('found_hosts').where('host', 'in', registered).execute();
}

async function retiredHosts(trx: Database): Promise<ReadonlySet<string>> {
  const rows = await trx.selectFrom('hosts').select('id').where('retired', '=', 1).execute();
  return new Set(rows.map(({ id }) => id));
}
