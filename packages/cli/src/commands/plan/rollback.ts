import { defineCommand, requiredText, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { confirmCount, yesOption } from '../../selection/confirm.ts';
import { backTable, digestOption } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'The plan ends. What it brought last goes back first, each environment to what it ran before; what can not go back is listed with why. No channel brings the release again by itself.',
  options: {
    ...digestOption,
    stage: text('<name>', 'only what this stage brought'),
    reason: requiredText('<text>', 'why, for who looks at it and the audit log'),
    ...yesOption,
  },
  example: 'xylem plan rollback p-567073cb9f4b --reason "Orders are lost."',
  async run(invocation) {
    const { args, options } = invocation;
    const { digest, reason, stage } = options;
    const server = await invocation.api();
    const params = { id: only(args) };
    const { deployments, stages } = await server.call('planShow', { params });
    const named = new Set(
      stages
        .filter(({ name }) => stage === undefined || name === stage)
        .flatMap(({ environments }) => environments.map(({ id }) => id)),
    );
    const meant = deployments.filter(({ environment }) => named.has(environment.id)).length;
    await confirmCount(
      invocation,
      meant,
      `Taking back what ${params.id} brought to ${meant} environments.`,
      options.yes,
    );
    const plan = await server.call('planRollback', {
      params,
      body: {
        reason,
        ...(stage === undefined ? {} : { stage }),
        ...(digest === undefined ? {} : { digest }),
      },
    });
    const kept = plan.stages.some(({ environments }) =>
      environments.some(({ back }) => back?.state === 'kept'),
    );
    return { data: plan, text: () => backTable(plan), exitCode: kept ? 9 : 0 };
  },
});
