import { XylemError } from '@xylem/core';
import { defineCommand, requiredText, text } from '../../frame/define.ts';
import { counted } from '../../frame/words.ts';
import { confirmCount, yesOption } from '../../selection/confirm.ts';
import { environmentChoice, whereOption } from '../../selection/environments.ts';

export const command = defineCommand({
  arguments: '<environment>...',
  about: `No deployment begins there and none goes on to further hosts, until \`xylem unfreeze\` or --until; hosts that were
admitted finish. Rollbacks go on at any time, and deployments with --urgent and --reason. Said again it changes reason and
end. The root server keeps it; dated freezes in the environment's policy are kept by each host, also offline.`,
  options: {
    ...whereOption,
    reason: requiredText('<text>', 'why, for the audit log and whoever is refused'),
    until: text('<time>', 'ends by itself, 2027-01-04T08:00:00Z'),
    ...yesOption,
  },
  example: "xylem freeze 'acme/*' --reason 'The fair is on.' --until 2027-01-04T08:00:00Z",
  async run(invocation) {
    const { args, options } = invocation;
    const { reason, until } = options;
    if (until !== undefined && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(until)) {
      throw new XylemError('E_INPUT', `--until ${until} is no time in UTC, such as 2027-01-04T08:00:00Z.`);
    }
    const which = environmentChoice(args, options.where, 'name them,');
    const body = { ...which, reason, ...(until === undefined ? {} : { until }) };
    const api = await invocation.api();
    const meant = (await api.call('freezeSet', { body: { ...body, dryRun: true } })).environments;
    const names = meant.map(({ name }) => name).join(', ');
    if (meant.length > 1) {
      await confirmCount(
        invocation,
        meant.length,
        `Freezing ${counted(meant.length, 'environment')}: ${names}.`,
        options.yes,
      );
    }
    const answer = await api.call('freezeSet', { body });
    return { data: answer, text: `Frozen: ${names}. No deployment goes on there; xylem unfreeze ends it.` };
  },
});
