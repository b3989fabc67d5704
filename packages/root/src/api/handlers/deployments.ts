import {
  type HostAct,
  type PersonAct,
  personActs,
  timeOf,
  type WantedStrategy,
  XylemError,
} from '@xylem/core';
import type { Who } from '../../auth/api-tokens.ts';
import type { Permission } from '../../auth/grants.ts';
import { requireVisible } from '../../auth/visible.ts';
import { actOnHost } from '../../deployments/act-on-host.ts';
import { changeState } from '../../deployments/change-state.ts';
import { readEvents } from '../../deployments/events.ts';
import { evidencePage } from '../../deployments/evidence-page.ts';
import { laggardsOf } from '../../deployments/laggards.ts';
import { deploymentNamed, noDeployment } from '../../deployments/rows.ts';
import { fleetReader, showDeployment } from '../../deployments/show.ts';
import { startDeployment } from '../../deployments/start.ts';
import { stopDeployments } from '../../deployments/stop.ts';
import { requireUrgency } from '../../deployments/urgency.ts';
import {
  allEnvironments,
  environmentNamed,
  environmentsChosen,
  environmentsMatching,
  fullName,
  noEnvironment,
  refOf,
  splitName,
} from '../../environments/names.ts';
import { settledVersion } from '../../gates/stage-order/evidence.ts';
import { hostsIn } from '../../hosts/host-rows.ts';
import { listChannels } from '../../publishing/channels.ts';
import { productNamed } from '../../publishing/products.ts';
import type { Root } from '../../root.ts';
import { askTickets, demandsTicket } from '../../tickets/ask.ts';
import type { Call, Handlers } from '../handlers.ts';
import type { DeploymentCreate } from '../schemas/deployments.ts';

type Own =
  | 'deploymentCreate'
  | 'deploymentList'
  | 'deploymentShow'
  | 'deploymentEvents'
  | 'deploymentEvidence'
  | 'deploymentLaggards'
  | 'deploymentPause'
  | 'deploymentResume'
  | 'deploymentStop'
  | 'deploymentAbort'
  | 'deploymentSkipHost'
  | 'deploymentUnskipHost'
  | 'deploymentRetryHost';

const maxWaitMs = 30_000;

export function deploymentHandlers(root: Root): Pick<Handlers, Own> {
  const { db, deploying } = root;
  const shown = async (id: string) => showDeployment(root, await deploymentNamed(db, id));
  /** One of an environment that is not there for whoever asks is not there either. */
  const ours = async (id: string, { name, access }: Who, permission: Permission): Promise<void> => {
    const row = await deploymentNamed(db, id);
    const environment = (await allEnvironments(db)).find((one) => one.id === row.environment);
    if (environment !== undefined && access.in(permission, environment)) return;
    if (environment === undefined || !access.in('read', environment)) throw noDeployment(id);
    throw new XylemError('E_FORBIDDEN', `${name} may not ${permission} in ${fullName(environment)}.`);
  };
  const change =
    (act: PersonAct) =>
    async ({ params, who }: Pick<Call<'deploymentPause'>, 'params' | 'who'>) => {
      await ours(params.id, who, 'operate');
      await refuseRestored(root);
      const { environment } = await changeState(root, params.id, { act, who: who.name });
      deploying.events.announce(params.id);
      await root.directing.publish(environment);
      await deploying.evaluate(environment);
      return await shown(params.id);
    };
  const onHost =
    (act: HostAct) =>
    async ({ params, body, who }: Pick<Call<'deploymentSkipHost'>, 'params' | 'body' | 'who'>) => {
      await ours(params.id, who, 'operate');
      await refuseRestored(root);
      const { environment } = await actOnHost(root, params.id, { act, ...body, who: who.name });
      deploying.events.announce(params.id);
      await deploying.evaluate(environment);
      await root.directing.publish(environment);
      return await shown(params.id);
    };
  return {
    deploymentCreate: ({ body, who }) => create(root, body, who),
    deploymentList: async ({ query, who }) => {
      const within = who.access.within('read');
      const patterns = query.environment === undefined ? undefined : [query.environment];
      const environments = await environmentsMatching(db, patterns, root.config.tenant, within);
      const states = query.active === 'true' ? ['running', 'paused'] : undefined;
      let rows = db
        .selectFrom('deployments')
        .selectAll()
        .where('environment', 'in', [...environments.map(({ id }) => id), ''])
        .orderBy('sequence', 'desc')
        .limit(Number(query.limit ?? 50));
      if (query.product !== undefined) rows = rows.where('product', '=', query.product);
      if (states !== undefined) rows = rows.where('state', 'in', states);
      const fleetOf = fleetReader(root);
      const shownAll = (await rows.execute()).map((row) => showDeployment(root, row, fleetOf));
      return { deployments: await Promise.all(shownAll) };
    },
    deploymentShow: async ({ params, who }) => {
      await ours(params.id, who, 'read');
      return await shown(params.id);
    },
    deploymentEvents: async ({ params, query, signal, who }) => {
      const after = Number(query.after ?? 0);
      await ours(params.id, who, 'read');
      const waitMs = Math.min(Number(query.waitMs ?? 0), maxWaitMs);
      // Asked for before reading, so that what happens in between is not missed.
      const next = waitMs > 0 ? deploying.events.next(params.id, waitMs, signal) : null;
      let events = await readEvents(db, params.id, after);
      if (events.length === 0 && next !== null) {
        await next;
        events = await readEvents(db, params.id, after);
      }
      return {
        events: events.map(({ sequence, time_ms, kind, message, details }) => ({
          sequence,
          time: timeOf(time_ms),
          kind,
          message,
          details: JSON.parse(details) as Record<string, unknown>,
        })),
        deployment: await shown(params.id),
      };
    },
    deploymentEvidence: async ({ params, query, who }) => {
      await ours(params.id, who, 'read');
      return await evidencePage(db, params.id, query);
    },
    deploymentLaggards: async ({ params, query, who }) => {
      await ours(params.id, who, 'read');
      const row = await deploymentNamed(db, params.id);
      return await laggardsOf(db, row, query.by ?? 'site', root.clock.now());
    },
    deploymentPause: change(personActs.pause),
    deploymentResume: change(personActs.resume),
    deploymentAbort: change(personActs.abort),
    deploymentSkipHost: onHost('skip'),
    deploymentUnskipHost: onHost('unskip'),
    deploymentRetryHost: onHost('retry'),
    deploymentStop: async ({ body, who }) => {
      await refuseRestored(root);
      const environments = await environmentsChosen(
        db,
        body,
        root.config.tenant,
        who.access.within('operate'),
      );
      const stopped = await stopDeployments(root, environments, { ...body, who: who.name });
      const fleetOf = fleetReader(root);
      const rows = await Promise.all(stopped.map((id) => deploymentNamed(db, id)));
      return { deployments: await Promise.all(rows.map((row) => showDeployment(root, row, fleetOf))) };
    },
  };
}

async function create(root: Root, body: DeploymentCreate, { name: who, access }: Who) {
  const { db } = root;
  requireUrgency(body);
  await refuseRestored(root);
  await requireVisible(db, access, [body.product]);
  await productNamed(db, body.product);
  if (body.version !== undefined && body.channel !== undefined) {
    throw new XylemError('E_INPUT', 'Give either a version or a channel.');
  }
  const version =
    (await promotedVersion(root, body, access)) ?? body.version ?? (await channelVersion(root, body));
  const environments = await environmentsChosen(db, body, root.config.tenant, access.within('operate'));
  const hosts = await hostsIn(
    db,
    environments.map(({ id }) => id),
  );
  const { kind, product, change } = body;
  await askTickets(root, environments.filter(demandsTicket), {
    change,
    kind,
    product,
    version: version ?? null,
  });
  const ids: string[] = [];
  const unfit: { host: string; name: string; component: string; platform: string }[] = [];
  for (const environment of environments) {
    const started = await startDeployment(root, {
      environment,
      kind: body.kind,
      product: body.product,
      who,
      dryRun: body.dryRun ?? false,
      ...(version === undefined ? {} : { version }),
      ...(body.strategy === undefined ? {} : { strategy: body.strategy as WantedStrategy }),
      ...(body.purgeData === undefined ? {} : { purgeData: body.purgeData }),
      ...(body.skipUnfit === undefined ? {} : { skipUnfit: body.skipUnfit }),
      ...(body.urgent === undefined ? {} : { urgent: body.urgent }),
      ...(body.reason === undefined ? {} : { why: body.reason }),
      ...(body.change === undefined ? {} : { change: body.change }),
      ...(body.passes === undefined ? {} : { passes: body.passes }),
      ...(body.deadlineSeconds === undefined ? {} : { deadlineSeconds: body.deadlineSeconds }),
    });
    unfit.push(...started.unfit);
    if (body.dryRun !== true) ids.push(started.id);
  }
  if (body.dryRun !== true) {
    for (const { id } of environments) {
      // What is decided at once goes out in the same version as the deployment itself.
      await root.deploying.evaluate(id);
      await root.directing.publish(id);
    }
  }
  return {
    hosts: hosts.filter((host) => !host.retired).length,
    environments: environments.map(refOf),
    unfit: unfit.slice(0, 1000),
    deployments: await Promise.all(
      ids.map(async (id) => showDeployment(root, await deploymentNamed(db, id))),
    ),
  };
}

/** What is settled in the environment that a release comes from. @throws XylemError E_NOT_FOUND, E_INPUT, E_CONFLICT */
async function promotedVersion(
  { db, config }: Root,
  { from, product, version, channel, kind }: DeploymentCreate,
  access: Who['access'],
): Promise<string | undefined> {
  if (from === undefined) return undefined;
  if (kind !== 'deploy' || channel !== undefined)
    throw new XylemError(
      'E_INPUT',
      'An environment that a release comes from belongs to a deploy, without a channel.',
    );
  const environment = splitName(from, config.tenant);
  if (!access.in('read', environment)) throw noEnvironment(fullName(environment));
  const { id } = await environmentNamed(db, from, config.tenant);
  const settled = await settledVersion(db, id, product);
  const name = fullName(environment);
  if (settled === null)
    throw new XylemError(
      'E_CONFLICT',
      `No deployment of ${product} has succeeded in ${name} that still counts. Deploy it there first.`,
    );
  if (version === undefined || version === settled) return settled;
  throw new XylemError('E_CONFLICT', `${name} runs ${product}@${settled}, not ${version}.`);
}

export async function channelVersion(
  root: Root,
  { product, channel }: Pick<DeploymentCreate, 'product' | 'channel'>,
): Promise<string | undefined> {
  if (channel === undefined) return undefined;
  const found = (await listChannels(root.db, product)).find((entry) => entry.channel === channel);
  if (found === undefined) throw new XylemError('E_NOT_FOUND', `There is no channel ${product}/${channel}.`);
  return found.version;
}

/** @throws XylemError E_CONFIRM_RESTORE */
export async function refuseRestored(root: Root): Promise<void> {
  if (!root.restored.isRestored()) return;
  throw new XylemError(
    'E_CONFIRM_RESTORE',
    'This root server was restored; nothing is deployed until that is confirmed.',
  );
}
