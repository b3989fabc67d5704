import { type WantedStrategy, XylemError } from '@xylem/core';
import type { Who } from '../../auth/api-tokens.ts';
import type { Permission } from '../../auth/grants.ts';
import { accountOf, originOf } from '../../auth/origin.ts';
import { requireVisible } from '../../auth/visible.ts';
import { deploymentNamed } from '../../deployments/rows.ts';
import { requireUrgency } from '../../deployments/urgency.ts';
import { allEnvironments, environmentsMatching, fullName } from '../../environments/names.ts';
import { approvePlan, refusePlan } from '../../plans/approvals.ts';
import { askHosts } from '../../plans/ask-hosts.ts';
import { planBehind } from '../../plans/behind.ts';
import { pausePlan, resumePlan, rollbackPlan, stopPlan } from '../../plans/change.ts';
import { planFromFile } from '../../plans/file.ts';
import { planHosts } from '../../plans/hosts.ts';
import { listPlans } from '../../plans/list.ts';
import { preparePlan } from '../../plans/prepare.ts';
import { refreshPlan } from '../../plans/refresh.ts';
import { ringRecordsAfter } from '../../plans/ring-records.ts';
import { environmentsOf, type KnownPlan, noPlan, noStage, planNamed } from '../../plans/rows.ts';
import { showPlan } from '../../plans/show.ts';
import { startPlan } from '../../plans/start.ts';
import { productNamed } from '../../publishing/products.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { planRoutes } from '../routes/plans.ts';
import type { PlanCreate, PlanCreateFile } from '../schemas/plans.ts';
import { channelVersion, refuseRestored } from './deployments.ts';

export function planHandlers(root: Root): Pick<Handlers, keyof typeof planRoutes> {
  const { db, clock } = root;
  const shown = async (id: string, { access }: Who) =>
    await showPlan(db, await planNamed(db, id), access.within('read'), clock.now());
  /**
   * The plan, for who has a permission in all of its environments, or in one at least. A plan of which somebody reads
   * no environment is not there. @throws XylemError E_NOT_FOUND, E_FORBIDDEN
   */
  const ours = async (
    id: string,
    { name, access }: Who,
    permission: Permission,
    where: 'all' | 'some',
  ): Promise<KnownPlan> => {
    const known = await planNamed(db, id);
    const named = new Set<string>(environmentsOf(known).map(({ environment }) => environment));
    const all = (await allEnvironments(db)).filter((one) => named.has(one.id));
    if (!all.some((one) => access.in('read', one))) throw noPlan(id);
    const lacking = all.filter((one) => !access.in(permission, one));
    if (lacking.length === 0 || (where === 'some' && lacking.length < all.length)) return known;
    const places = lacking.filter((one) => access.in('read', one)).map(fullName);
    throw new XylemError(
      'E_FORBIDDEN',
      `${name} may not ${permission} in ${places.length === 0 ? 'all environments of the plan' : places.join(', ')}.`,
      { details: { permission } },
    );
  };
  /** What is decided at once goes out in the same version as what somebody did. */
  const follow = async (environment: string): Promise<void> => {
    await root.deploying.evaluate(environment);
    await root.directing.publish(environment);
  };
  const changed = async (
    act: typeof pausePlan,
    id: string,
    said: { readonly digest?: string | undefined; readonly reason?: string | undefined },
    who: Who,
  ) => {
    await refuseRestored(root);
    await ours(id, who, 'operate', 'all');
    for (const environment of await act(root, { ...said, id, who: who.name })) await follow(environment);
    await root.deploying.plans.drive(id);
    return await shown(id, who);
  };
  const authorOf = async (who: Who) => ({ by: who.name, origin: await originOf(db, who) });
  const asked = async (
    id: string,
    { name }: Who,
    more: Omit<Parameters<typeof askHosts>[1], 'id' | 'who'>,
  ) => {
    for (const environment of await askHosts(root, { ...more, id, who: name }))
      await root.directing.publish(environment);
  };
  /** Where policy demands it, hosts are asked at once. */
  const made = async (id: string, who: Who) => {
    if ((await planNamed(db, id)).version.document.kind === 'deploy')
      await asked(id, who, { demanded: true });
    return await shown(id, who);
  };
  return {
    planCreate: async ({ body, who }) => await made(await create(root, body, who), who),
    planCreateFile: async ({ body, who }) => await made(await createFromFile(root, body, who), who),
    planPreflight: async ({ params, body, who }) => {
      await refuseRestored(root);
      await ours(params.id, who, 'operate', 'all');
      await asked(params.id, who, body);
      return await shown(params.id, who);
    },
    planList: async ({ query, who }) => await listPlans(root, who.access.within('read'), query),
    planShow: async ({ params, who }) => {
      await ours(params.id, who, 'read', 'some');
      return await shown(params.id, who);
    },
    planHosts: async ({ params, query, who }) =>
      await planHosts(
        db,
        await ours(params.id, who, 'read', 'some'),
        who.access.within('read'),
        query,
        clock.now(),
      ),
    planBehind: async ({ params, who }) =>
      await planBehind(
        db,
        await ours(params.id, who, 'read', 'some'),
        who.access.within('read'),
        clock.now(),
      ),
    // Records name every environment of the ring.
    planEvidence: async ({ params, query, who }) => {
      const known = await ours(params.id, who, 'read', 'all');
      const stage = stageNamed(known, query.stage);
      const page = await ringRecordsAfter(db, params.id, stage, Number(query.after ?? 0));
      return { ...page, records: [...page.records] };
    },
    planRefresh: async ({ params, who }) => {
      await refuseRestored(root);
      await ours(params.id, who, 'operate', 'all');
      const changed = await refreshPlan(root, params.id, await authorOf(who));
      return { changed, plan: await (changed ? made : shown)(params.id, who) };
    },
    planApprove: async ({ params, body, who }) => {
      await refuseRestored(root);
      await ours(params.id, who, 'approve', 'some');
      await approvePlan(root, { id: params.id, ...body }, who);
      return await shown(params.id, who);
    },
    planRefuse: async ({ params, body, who }) => {
      await refuseRestored(root);
      await ours(params.id, who, 'approve', 'some');
      await refusePlan(root, { id: params.id, ...body }, who);
      return await shown(params.id, who);
    },
    planStart: async ({ params, body, who }) => {
      await refuseRestored(root);
      await ours(params.id, who, 'operate', 'all');
      const deployments = await startPlan(root, {
        id: params.id,
        ...body,
        who: who.name,
        starter: starterOf(who),
      });
      for (const id of deployments) await follow((await deploymentNamed(db, id)).environment);
      await root.deploying.plans.drive(params.id);
      return { deployments, plan: await shown(params.id, who) };
    },
    planPause: ({ params, body, who }) => changed(pausePlan, params.id, body, who),
    planResume: ({ params, body, who }) =>
      changed(
        (options, said) => resumePlan(options, { ...said, starter: starterOf(who) }),
        params.id,
        body,
        who,
      ),
    planStop: ({ params, body, who }) => changed(stopPlan, params.id, body, who),
    planRollback: ({ params, body, who }) =>
      changed(
        (options, said) => rollbackPlan(options, { ...said, stage: body.stage }),
        params.id,
        { reason: body.reason, digest: body.digest },
        who,
      ),
  };
}

/** @throws XylemError E_NOT_FOUND */
function stageNamed({ row, version }: KnownPlan, name: string): number {
  const index = version.document.stages.findIndex((stage) => stage.name === name);
  if (index < 0) throw noStage(row.id, name, version.document.stages);
  return index;
}

const starterOf = (who: Who) => ({ account: accountOf(who), groups: who.groups ?? [] });

async function createFromFile(
  root: Root,
  { yaml, file = 'plan' }: PlanCreateFile,
  who: Who,
): Promise<string> {
  const { db } = root;
  await refuseRestored(root);
  const requireProduct = async (product: string) => {
    await requireVisible(db, who.access, [product]);
    await productNamed(db, product);
  };
  const mayAskInside = who.access.everywhere('operate');
  const within = who.access.within('operate');
  const wanted = await planFromFile(root, yaml, file, within, requireProduct, mayAskInside);
  return await preparePlan(root, wanted, { by: who.name, origin: await originOf(db, who), mayAskInside });
}

async function create(root: Root, body: PlanCreate, who: Who): Promise<string> {
  const { db, config } = root;
  const { kind, product, environments: patterns, strategy, channel, ...rest } = body;
  await refuseRestored(root);
  await requireVisible(db, who.access, [product]);
  await productNamed(db, product);
  if (
    kind === 'undeploy'
      ? (body.version ?? channel) !== undefined
      : (body.version === undefined) === (channel === undefined)
  )
    throw new XylemError(
      'E_INPUT',
      'Give a version or a channel to deploy, and neither of both to undeploy.',
    );
  if (rest.purgeData === true && kind !== 'undeploy')
    throw new XylemError('E_INPUT', 'Only an undeploy removes data folders.');
  requireUrgency({ ...rest, kind });
  if (rest.forces !== undefined && rest.reason === undefined)
    throw new XylemError('E_INPUT', 'Who forces gates says why: --reason.');
  const named = channel === undefined ? undefined : await channelVersion(root, { product, channel });
  const version = body.version ?? named ?? null;
  const environments = await environmentsMatching(db, patterns, config.tenant, who.access.within('operate'));
  const wanted = {
    kind,
    product,
    version,
    ...(rest.skipUnfit === true ? { skipUnfit: true as const } : {}),
    ...(rest.urgent === true ? { urgent: true as const } : {}),
    ...(rest.reason === undefined ? {} : { why: rest.reason }),
    ...(rest.passes === undefined ? {} : { passes: [...rest.passes] }),
    ...(rest.forces === undefined ? {} : { forces: [...rest.forces] }),
    ...(rest.deadlineSeconds === undefined ? {} : { deadlineSeconds: rest.deadlineSeconds }),
    ...(rest.purgeData === true ? { purgeData: true as const } : {}),
    ...(rest.change === undefined ? {} : { change: rest.change }),
    stages: [
      {
        name: 'all',
        environments,
        ...(strategy === undefined ? {} : { strategy: strategy as WantedStrategy }),
      },
    ],
  };
  return await preparePlan(root, wanted, { by: who.name, origin: await originOf(db, who) });
}
