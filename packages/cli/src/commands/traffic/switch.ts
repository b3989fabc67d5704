import { defineCommand, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';
import { ofProduct, trafficText, whereOption } from './shared.ts';

export const command = defineCommand({
  arguments: '<product>',
  about: `Directs it to the balancers, each of which applies it as any change of configuration; \`xylem traffic show\` says when all
have. Refused if somebody else switched meanwhile, and while a deployment switches by itself.`,
  options: {
    ...whereOption,
    to: requiredText('<group>', 'the group that shall serve'),
    reason: requiredText('<text>', 'why, for the audit log'),
  },
  example: "xylem traffic switch shop --to green --in acme/production --reason '2.4.0 is well.'",
  async run({ args, options, api, clock }) {
    const product = only(args);
    const server = await api();
    const params = await environmentParams(server, options.in);
    const before = ofProduct((await server.call('trafficShow', { params })).traffic, product, options.in);
    const data = await server.call('trafficSwitch', {
      params: { ...params, product },
      body: { to: options.to, number: before.number, reason: options.reason },
    });
    return {
      data,
      text: () =>
        `${trafficText(data, clock.now())}\nFollow it: xylem traffic show ${product} --in ${options.in}`,
    };
  },
});
