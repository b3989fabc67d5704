import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { age } from '../../frame/words.ts';

export const command = defineCommand({
  about: "Where you are signed in; everybody's sessions for who administers the installation.",
  example: 'xylem session list',
  async run({ api, clock }) {
    const answer = await (await api()).call('sessionList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['ID', 'WHO', 'WHERE', 'FROM', 'LAST USED', 'UNTIL'],
          answer.sessions.map((one) => [
            one.current ? `${one.id} (this)` : one.id,
            one.subject,
            `${one.kind}: ${one.device}`,
            one.from ?? '-',
            `${age(one.used, clock.now())} ago`,
            one.expires,
          ]),
          'No session.',
        ),
    };
  },
});
