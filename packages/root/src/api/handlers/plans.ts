import { type WantedStrategy, XylemError } from '@xylem/core';
import type { Who } from '../../auth/api-tokens.ts';
import type { Permission } from '../../auth/grants.ts';
import { originOf } from '../../auth/origin.ts';
import { requireVisible } from '../../auth/visible.ts';
import { allEnvironments, environmentsMatching, fullName } from '../../environments/names.ts';
import { approvePlan, refusePlan } from '../../plans/approvals.ts';
import { planHosts } from '../../plans/hosts.ts';
import { listPlans } from '../../plans/list.ts';
import { preparePlan } from '../../plans/prepare.ts';
import { refreshPlan } from '../../plans/refresh.ts';
import { type KnownPlan, noPlan, planNamed } from '../../plans/rows.ts';
import { showPlan } from '../../plans/show.ts';
import { startPlan } from '../../plans/start.ts';
import { productNamed } from '../../publishing/products.ts';
import type { Root } from '../../root.ts';
import type { Handlers } from '../handlers.ts';
import type { planRoutes } from '../routes/plans.ts';
import type { PlanCreate } from '../schemas/plans.ts';
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
    const named = known.version.document.stages.flatMap(({ environments }) => environments);
    const all = (await allEnvironments(db)).filter(({ id: own }) =>
      named.some(({ environment }) => environment === own),
    );
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
  const authorOf = async (who: Who) => ({ by: who.name, origin: await originOf(db, who) });
  return {
    planCreate: async ({ body, who }) => await shown(await create(root, body, who), who),
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
    planRefresh: async ({ params, who }) => {
      await refuseRestored(root);
      await ours(params.id, who, 'operate', 'all');
      const changed = await refreshPlan(root, params.id, await authorOf(who));
      return { changed, plan: await shown(params.id, who) };
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
      const { version } = await ours(params.id, who, 'operate', 'all');
      const deployments = await startPlan(root, { id: params.id, ...body, who: who.name });
      if (deployments.length > 0) {
        for (const { environment } of version.document.stages[0]?.environments ?? []) {
          await root.deploying.evaluate(environment);
          await root.directing.publish(environment);
        }
      }
      return { deployments, plan: await shown(params.id, who) };
    },
  };
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
  const named = channel === undefined ? undefined : await channelVersion(root, { product, channel });
  const version = body.version ?? named ?? null;
  const environments = await environmentsMatching(db, patterns, config.tenant, who.access.within('operate'));
  const wanted = {
    kind,
    product,
    version,
    ...(rest.skipUnfit === true ? { skipUnfit: true as const } : {}),
    ...(rest.urgent === true ? { urgent: true as const } : {}),
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
