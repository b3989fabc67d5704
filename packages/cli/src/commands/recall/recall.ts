import { defineCommand, requiredText } from '../../frame/define.ts';
import { counted, nameAtVersion, only } from '../../frame/words.ts';
import { confirmCount, yesOption } from '../../selection/confirm.ts';
import { recallText } from './shared.ts';

export const command = defineCommand({
  arguments: '<release>',
  about: `In every environment: stops its deployments, refuses its plans, begins no further one, has hosts refuse it (where operator
keys are), and goes back to what last succeeded there. Freezes and windows do not hold that up; what may not go back is
listed with the reason. Said again it goes on with what was refused or has stopped. It needs an operator of everything.`,
  options: {
    reason: requiredText('<text>', 'why, for everybody who is refused and the audit log'),
    ...yesOption,
  },
  example: "xylem recall shop@2.4.0 --reason 'It loses orders.'",
  async run(invocation) {
    const { args, options, clock } = invocation;
    const word = only(args);
    const { name: product, version } = nameAtVersion(word, 'release');
    const body = { product, version, reason: options.reason };
    const api = await invocation.api();
    const meant = await api.call('recallBegin', { body: { ...body, dryRun: true } });
    const names = meant.environments.map(({ name }) => name).join(', ');
    const where = `${counted(meant.hosts, 'host')} in ${counted(meant.environments.length, 'environment')}`;
    await confirmCount(
      invocation,
      Math.max(meant.hosts, meant.environments.length),
      `Recalling ${word}: ${where}${names === '' ? '' : ` (${names})`}.`,
      options.yes,
    );
    const answer = await api.call('recallBegin', { body });
    const { recall } = answer;
    return {
      data: answer,
      text: () =>
        recall === null ? '' : `${recallText(recall, clock.now())}\nFollow it: xylem recall show ${word}`,
    };
  },
});
