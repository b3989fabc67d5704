import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';

export const command = defineCommand({
  about: 'The root servers that `xylem login` and `xylem start` remembered. Tokens are not shown.',
  example: 'xylem context list',
  async run({ home }) {
    const { current, contexts } = await home.contexts();
    const known = Object.entries(contexts).map(([name, { url, state }]) => ({
      name,
      url,
      current: name === current,
      ...(state === undefined ? {} : { state }),
    }));
    return {
      data: { contexts: known },
      text: () =>
        tabulate(
          ['CONTEXT', 'ROOT SERVER', 'CURRENT', 'STATE'],
          known.map((one) => [one.name, one.url, one.current ? 'yes' : '-', one.state ?? '-']),
          'None yet. `xylem login` and `xylem start` remember one.',
        ),
    };
  },
});
