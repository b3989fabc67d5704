import { exitCodes } from '@xylem/core';
import type { Verification } from '@xylem/root/contract';
import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { counted, only } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';

export const command = defineCommand({
  arguments: '<environment>',
  about:
    'Asks what users would see, as policy.verify of its YAML says, from the root server, and shows what its hosts saw. Ends with 9 when one does not pass.',
  options: {},
  example: 'xylem verify acme/production',
  async run({ args, api }) {
    const server = await api();
    const params = await environmentParams(server, only(args));
    const answer = await server.call('environmentVerify', { params });
    const { probes, onHosts = [] } = answer;
    const failed = [...probes, ...onHosts].filter(({ state }) => state !== 'pass').length;
    const rows = [
      ...probes.map(({ name, url, state, reason, since }) => [name, 'root', state, reason, since, url]),
      ...onHosts.map((probe) => [probe.name, 'hosts', probe.state, hostsText(probe), '', probe.url]),
    ];
    const isFine = rows.length > 0 && failed === 0;
    const none = 'Its policy names no probes: docs/verification.md.';
    const sum =
      rows.length === 0
        ? ''
        : `\n${failed === 0 ? `${counted(rows.length, 'probe')} passed.` : `${failed} of ${counted(rows.length, 'probe')} did not pass.`}`;
    return {
      data: answer,
      text: `${tabulate(['PROBE', 'FROM', 'STATE', 'SAW', 'SINCE', 'ADDRESS'], rows, none)}${sum}${onHosts.map(othersText).join('')}`,
      exitCode: isFine ? exitCodes.ok : exitCodes.outcome,
    };
  },
});

type OnHosts = NonNullable<Verification['onHosts']>[number];

function hostsText({ hosts, passed, failing, unreached, silent }: OnHosts): string {
  const others = [
    [failing, 'failing'],
    [unreached, 'without a connection'],
    [silent, 'silent'],
  ] as const;
  const rest = others.flatMap(([count, what]) => (count === 0 ? [] : [`, ${count} ${what}`])).join('');
  return `passes on ${passed} of ${counted(hosts, 'host')}${rest}`;
}

const mostLines = 20;

function othersText({ name, hosts, passed, others }: OnHosts): string {
  const lines = others.slice(0, mostLines).map(({ name: host, state, reason }) => {
    return `\n${name} on ${host}: ${state}${reason === '' ? '' : `, ${reason}`}`;
  });
  const more = hosts - passed - lines.length;
  return `${lines.join('')}${more > 0 ? `\n${name} on ${counted(more, 'more host')}, not shown.` : ''}`;
}
