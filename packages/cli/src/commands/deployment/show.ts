import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { behindText } from './behind-text.ts';
import { canaryText } from './canary-text.ts';
import { figuresText } from './figures-text.ts';
import { groupsText } from './groups-text.ts';
import { deploymentTable, exitCodeOf, watchOptions } from './shared.ts';
import { watchDeployments } from './watch.ts';
import { watchText } from './watch-text.ts';

const { watch, timeout } = watchOptions;

export const command = defineCommand({
  arguments: '<id>',
  options: { watch, timeout },
  example: 'xylem deployment show d-567073cb9f4b --watch',
  async run(invocation) {
    const { args, options, api } = invocation;
    const server = await api();
    const params = { id: only(args) };
    if (options.watch) {
      const first = await server.call('deploymentShow', { params });
      const ended = await watchDeployments(invocation, [first], options.timeout);
      return { data: ended[0], text: () => deploymentTable(ended), exitCode: exitCodeOf(ended) };
    }
    const { deployment, events } = await server.call('deploymentEvents', { params, query: {} });
    const canary = canaryText(deployment);
    const groups = groupsText(deployment);
    return {
      data: { deployment, events },
      text: () =>
        [
          deploymentTable([deployment]),
          ...(groups === null ? [] : [`Groups: ${groups}.`]),
          ...(canary === null ? [] : [`Canary: ${canary}.`]),
          ...behindText(deployment.behind, deployment.id),
          ...(deployment.watch === undefined ? [] : [watchText(deployment.watch)]),
          ...(deployment.figures === undefined ? [] : [figuresText(deployment.figures)]),
          ...(deployment.plan
            ? [`By the plan ${deployment.plan.id}, digest ${deployment.plan.digest}.`]
            : []),
          '',
          ...events.map(({ time, message }) => `${time}  ${message}`),
        ].join('\n'),
    };
  },
});
