import { defineCommand, list, requiredText } from '../../frame/define.ts';
import { counted, nameAtVersion, only } from '../../frame/words.ts';
import { confirmCount, yesOption } from '../../selection/confirm.ts';
import { environmentPatterns } from '../../selection/environments.ts';

export const command = defineCommand({
  arguments: '<release>',
  about: `Hosts of the environment take the release no more, whoever directs it, until an operator's key lifts that
(\`xylem release lift\`). What runs of it goes on; deployments to it stop. It needs operator keys
(\`xylem operators create\`), so that somebody can lift it.`,
  options: {
    in: list('<environment>', "an environment or a pattern, '*/production'; may be repeated"),
    reason: requiredText('<text>', 'why, for the audit log and whoever asks why a host waits'),
    ...yesOption,
  },
  example: 'xylem release quarantine shop@2.4.0 --in acme/production --reason "It loses orders."',
  async run(invocation) {
    const { args, options } = invocation;
    const word = only(args);
    const { name: product, version } = nameAtVersion(word, 'release');
    const environments = environmentPatterns(options.in, '--in');
    const api = await invocation.api();
    const body = { product, version, environments, reason: options.reason };
    if (environments.some((one) => /[*?]/.test(one))) {
      const meant = (await api.call('quarantineSet', { body: { ...body, dryRun: true } })).environments;
      const where = `${counted(meant.length, 'environment')}: ${meant.map(({ name }) => name).join(', ')}`;
      await confirmCount(invocation, meant.length, `Quarantining ${word} in ${where}.`, options.yes);
    }
    const { quarantines } = await api.call('quarantineSet', { body });
    const names = quarantines.map(({ environment }) => environment.name);
    return {
      data: { product, version, quarantines },
      text: `${word} is quarantined in ${counted(names.length, 'environment')}: ${names.join(', ')}. No host takes it there until it is lifted.`,
    };
  },
});
