import { shortId } from '@xylem/trust';
import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { only } from '../../frame/words.ts';
import { readKeyRing } from '../../publishing/key-ring.ts';
import { environmentParams } from '../../selection/environments.ts';

export const command = defineCommand({
  arguments: '<environment>',
  about: 'HERE says which of the keys lie in ~/.xylem/keys.',
  example: 'xylem operators list acme/production',
  async run({ args, api, home }) {
    const server = await api();
    const params = await environmentParams(server, only(args));
    const { environment, documents } = await server.call('operatorsShow', { params });
    const now = documents.at(-1);
    const ring = await readKeyRing(home.keysFolder);
    const keys = (now?.keys ?? []).map((one) => ({
      ...one,
      here: ring.some((held) => held.shortId === shortId(one.key)),
    }));
    return {
      data: { environment, number: now?.number ?? 0, threshold: now?.threshold ?? 0, keys },
      text: () =>
        now === undefined
          ? `${environment.name} has no operators, and nothing can be quarantined there. Make them: xylem operators create ${environment.name}`
          : [
              `${now.threshold} of ${keys.length} must sign a lift. Number ${now.number}, taken ${now.created} by ${now.by}.`,
              '',
              tabulate(
                ['KEY', 'WHOSE', 'HERE'],
                keys.map(({ key, name, here }) => [shortId(key), name, here ? 'yes' : '-']),
                '',
              ),
            ].join('\n'),
    };
  },
});
