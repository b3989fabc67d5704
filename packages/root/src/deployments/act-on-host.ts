import {
  countsAsFailed,
  type Deployment,
  evidenceFor,
  type HostAct,
  type HostEvidence,
  type HostId,
  isEligible,
  mayAct,
  refusedIn,
  XylemError,
} from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { appendAudit } from '../audit/audit.ts';
import { lockFor } from '../db/lock.ts';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import type { HostRecord } from '../hosts/host-rows.ts';
import { hostNamed } from '../hosts/select.ts';
import type { DeployingOptions } from './deploying.ts';
import { appendEvent } from './events.ts';
import { advancePolicyOf, evidenceOf } from './evidence.ts';
import type { RetryWord, SkipWord } from './host-words.ts';
import {
  type DeploymentRow,
  deployingLock,
  deploymentNamed,
  deploymentOf,
  type HostMark,
  hostMarks,
  markHosts,
  saveDeployment,
} from './rows.ts';
import { isBalancer } from './traffic.ts';

type Options = Pick<DeployingOptions, 'db' | 'clock' | 'randomness'>;

interface Said {
  readonly act: HostAct;
  /** A name, an id, or how it begins. */
  readonly host: string;
  readonly reason: string;
  readonly who: string;
}

/** All that is known of the one host. */
interface Known {
  readonly row: DeploymentRow;
  readonly deployment: Deployment;
  readonly host: HostRecord;
  readonly evidence: HostEvidence;
  readonly mark: HostMark | undefined;
  /** It reports where the deployment's traffic goes. */
  readonly balances: boolean;
  readonly hasFailed: boolean;
}

/**
 * Takes one host out of a deployment, or in again, or lets it try again what it refused. What it had failed by then stays
 * counted.
 * @throws XylemError E_NOT_FOUND, E_DEPLOYMENT_STATE, E_CONFLICT
 */
export async function actOnHost(
  { db, clock, randomness }: Options,
  id: string,
  said: Said,
): Promise<{ readonly environment: string }> {
  const nowMs = clock.now();
  return await db.transaction().execute(async (trx) => {
    await lockFor(trx, deployingLock((await deploymentNamed(trx, id)).environment));
    const known = await read(trx, id, said, nowMs);
    const { row, deployment, host, hasFailed } = known;
    const order = randomness.bytes(16).toString('hex');
    const written = effects[said.act](known, said, nowMs, order);
    if (written === null) return { environment: row.environment };
    const keeps = said.act !== 'unskip' && hasFailed ? { failed_ms: nowMs } : {};
    await markHosts(trx, id, [host.id as HostId], { ...written.mark, ...keeps });
    await saveDeployment(trx, { ...deployment, hostActs: (deployment.hostActs ?? 0) + 1 }, nowMs);
    await appendEvent(trx, id, nowMs, {
      kind: kinds[said.act],
      message: `${written.message} By ${said.who}: ${said.reason}`,
      details: { host: host.id, name: host.name, reason: said.reason, hadFailed: hasFailed },
    });
    await appendAudit(trx, nowMs, {
      who: said.who,
      what: `deployment.${said.act}-host`,
      subject: `deployment/${id}`,
      environment: row.environment,
      before: { host: host.id, skipped: known.mark?.skipped ?? null },
      after: { host: host.id, name: host.name, reason: said.reason, hadFailed: hasFailed },
    });
    return { environment: row.environment };
  });
}

const kinds = { skip: 'host-skipped', unskip: 'host-unskipped', retry: 'host-retried' } as const;

async function read(trx: Database, id: string, { act, host: name }: Said, nowMs: number): Promise<Known> {
  const row = await deploymentNamed(trx, id);
  const deployment = deploymentOf(row);
  if (!mayAct(act, deployment))
    throw new XylemError(
      'E_DEPLOYMENT_STATE',
      `The deployment ${id} is ${row.state}: no host of it can be told to ${act} any more.`,
    );
  const newer = await trx
    .selectFrom('deployments')
    .select('id')
    .where('environment', '=', row.environment)
    .where('product', '=', row.product)
    .where('sequence', '>', row.sequence)
    .executeTakeFirst();
  if (newer !== undefined)
    throw new XylemError(
      'E_DEPLOYMENT_STATE',
      `${newer.id} came after ${id}, and says what ${name} is to run.`,
    );
  const environment = await trx
    .selectFrom('environments')
    .selectAll()
    .where('id', '=', row.environment)
    .executeTakeFirstOrThrow();
  const inside = fullName(environment);
  const host = await hostNamed(trx, name, (one) => fullName(one) === inside);
  const { reportEverySeconds } = parseEnvironmentYaml(environment.yaml, inside).policy;
  const [evidence] = evidenceFor(deployment, await evidenceOf(trx, deployment, [host], nowMs));
  if (evidence === undefined) throw new XylemError('E_NOT_FOUND', `${host.name} was retired.`);
  const mark = (await hostMarks(trx, id)).get(host.id as HostId);
  const hasFailed = countsAsFailed(deployment, evidence, nowMs, advancePolicyOf(reportEverySeconds));
  const balances = await isBalancer(trx, environment, deployment, host.id, nowMs);
  return { row, deployment, host, evidence, mark, balances, hasFailed };
}

type Effect = (
  known: Known,
  said: Said,
  nowMs: number,
  order: string,
) => { readonly mark: Parameters<typeof markHosts>[3]; readonly message: string } | null;

const effects: Record<HostAct, Effect> = {
  skip: ({ row, host, evidence, mark, balances, hasFailed }, { reason, who }, nowMs) => {
    const before = mark?.skipped ?? null;
    if (before !== null) {
      // Asked again, its answer having been lost.
      if (before.by === who && before.reason === reason) return null;
      throw new XylemError(
        'E_CONFLICT',
        `${host.name} was skipped already, by ${before.by}: ${before.reason}`,
      );
    }
    if (!balances) requireEligible(row, host, evidence);
    const word: SkipWord = { reason, by: who, sinceMs: nowMs, components: evidence.components };
    const had = hasFailed ? ' It had failed, which stays counted.' : '';
    const goes = balances ? ' Nobody waits for it to report where traffic goes.' : '';
    // Held too: taken in again, it waits for its turn.
    return {
      mark: { skipped: JSON.stringify(word), held: 1 },
      message: `Skipped ${host.name}: it stays as it is.${goes}${had}`,
    };
  },
  unskip: ({ row, host, mark }) => {
    if ((mark?.skipped ?? null) === null)
      throw new XylemError('E_CONFLICT', `${host.name} is not skipped in ${row.id}.`);
    const then = row.state === 'succeeded' ? 'it comes to what is settled.' : 'it waits for its turn.';
    return { mark: { skipped: null, held: 1 }, message: `${host.name} is skipped no more: ${then}` };
  },
  retry: ({ row, deployment, host, evidence, mark }, { reason, who }, nowMs, order) => {
    requireEligible(row, host, evidence);
    const refused = [...refusedIn(deployment, evidence)];
    const own = refused.filter(([, code]) => code !== 'E_REVERTED').map(([component]) => component);
    if (own.length === 0)
      throw new XylemError(
        'E_CONFLICT',
        refused.length > 0
          ? `People on ${host.name} took it back there: xylem host undo-revert ${host.name} lets it come again.`
          : `${host.name} has refused nothing of ${row.id} that still counts: what fails otherwise its agent tries again by itself. Skip the host, or look at xylem host why ${host.name}.`,
      );
    const orders = { ...mark?.retried?.orders, ...Object.fromEntries(own.map((one) => [one, order])) };
    const word: RetryWord = { reason, by: who, sinceMs: nowMs, orders };
    return {
      mark: { retried: JSON.stringify(word), done_ms: null },
      message: `${host.name} tries ${own.join(', ')} again. It had failed, which stays counted.`,
    };
  },
};

/** @throws XylemError E_CONFLICT */
function requireEligible({ id }: DeploymentRow, { name }: HostRecord, evidence: HostEvidence): void {
  if (isEligible(evidence)) return;
  const why =
    evidence.skipped === true
      ? `it was skipped. Take it in again first: xylem deployment unskip ${id} ${name}.`
      : 'its labels give it nothing of it, a pin keeps it, or the release has nothing for it.';
  throw new XylemError('E_CONFLICT', `${name} is not among the hosts that ${id} is for: ${why}`);
}
