import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { waitsFor } from './shared.ts';

export const command = defineCommand({
  about:
    'Those of the environments that you read, on either side. Hosts are asked for by `xylem host move --env`.',
  example: 'xylem move list',
  async run({ api }) {
    const answer = await (await api()).call('moveList', {});
    return {
      data: answer,
      text: () =>
        tabulate(
          ['ID', 'STATE', 'HOSTS', 'FROM', 'TO', 'WAITS FOR', 'EXPIRES'],
          answer.moves.map((move) => [
            move.id,
            move.state,
            move.hosts,
            move.from,
            move.to,
            move.state === 'open' ? waitsFor(move) : '',
            move.state === 'open' ? move.expires : '',
          ]),
          'No move request.',
        ),
    };
  },
});
