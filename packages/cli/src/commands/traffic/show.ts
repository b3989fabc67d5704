import { defineCommand } from '../../frame/define.ts';
import { environmentParams } from '../../selection/environments.ts';
import { ofProduct, trafficText, whereOption } from './shared.ts';

export const command = defineCommand({
  arguments: '[product]',
  about: `Which group of hosts serves, and which balancers have reported that they send traffic there. Exit code 9 while some have
not.`,
  options: whereOption,
  example: 'xylem traffic show shop --in acme/production',
  async run({ args, options, api, clock }) {
    const server = await api();
    const answer = await server.call('trafficShow', { params: await environmentParams(server, options.in) });
    const [product] = args;
    const traffic = product === undefined ? answer.traffic : [ofProduct(answer.traffic, product, options.in)];
    return {
      data: { ...answer, traffic },
      text: () =>
        traffic.length === 0
          ? `The YAML of ${answer.environment.name} names no \`traffic\`.`
          : traffic.map((one) => trafficText(one, clock.now())).join('\n'),
      exitCode: traffic.every(({ done }) => done) ? 0 : 9,
    };
  },
});
