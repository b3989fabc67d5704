import type { Status } from '@xylem/root/contract';
import { defineCommand, text } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { counted } from '../../frame/words.ts';
import { quarantineLine, unknownLine } from '../../operators/words.ts';
import { environmentQuery } from '../../selection/environments.ts';
import { deploymentTable } from '../deployment/shared.ts';
import { warningOf } from '../keys/ends.ts';
import { unheardLine } from './unheard.ts';

function statesText(states: Status['hosts']): string {
  const parts = Object.entries(states).filter(([, number]) => number > 0);
  return parts.map(([state, number]) => `${number} ${state}`).join(', ') || '-';
}

export const command = defineCommand({
  options: { env: text('<environment>', 'only this environment, or pattern') },
  example: "xylem status --env '*/production'",
  async run({ options, api, clock }) {
    const server = await api();
    const query = environmentQuery(options.env);
    const [status, { quarantines, unknown }] = await Promise.all([
      server.call('status', { query }),
      server.call('quarantineList', { query: { ...query, open: 'true' } }),
    ]);
    const rows = status.environments.map(({ environment, number, hosts, products }) => [
      environment.name,
      number,
      statesText(hosts),
      products.map(({ product, version }) => `${product}@${version ?? '-'}`).join(', ') || '-',
    ]);
    const deployments = status.environments.flatMap((one) => one.deployments);
    return {
      data: { ...status, quarantines, unknownQuarantines: unknown },
      text: () =>
        [
          `${counted(
            Object.values(status.hosts).reduce((sum, one) => sum + one, 0),
            'host',
          )}: ${statesText(status.hosts)}`,
          ...(status.cloned === 0
            ? []
            : [
                `${counted(status.cloned, 'host')} CLONED: two machines have one key; see \`xylem host list\`.`,
              ]),
          ...status.unheard.map((one) => unheardLine(one, clock.now())),
          ...(status.restored
            ? ['RESTORED from a backup: nothing is deployed until `xylem root confirm`.']
            : []),
          ...quarantines.map(quarantineLine),
          ...unknown.map(unknownLine),
          ...status.expiring.flatMap((role) => warningOf(role, Date.parse(role.expires), clock.now()) ?? []),
          '',
          tabulate(['ENVIRONMENT', 'DIRECTION', 'HOSTS', 'SHOULD RUN'], rows, 'No environment yet.'),
          ...(deployments.length === 0 ? [] : ['', deploymentTable(deployments)]),
        ].join('\n'),
    };
  },
});
