import { defineCommand, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { findRecall } from './shared.ts';

export const command = defineCommand({
  arguments: '<id|release>',
  about: `For a recall that was a mistake: deployments of the release may begin again. What goes back goes on; hosts refuse it until
operators lift its quarantines (\`xylem release lift\`), which also ends the recall in that environment alone.`,
  options: { reason: requiredText('<text>', 'why, for the audit log') },
  example: "xylem recall end shop@2.4.0 --reason 'It was the network.'",
  async run({ args, options, api }) {
    const server = await api();
    const { id } = await findRecall(server, only(args));
    const ended = await server.call('recallEnd', { params: { id }, body: { reason: options.reason } });
    const held = ended.environments
      .filter(({ quarantined }) => quarantined)
      .map((one) => one.environment.name);
    const left = held.length === 0 ? '' : ` Still quarantined in ${held.join(', ')}: xylem release lift.`;
    return { data: ended, text: `The recall of ${ended.product}@${ended.version} has ended.${left}` };
  },
});
