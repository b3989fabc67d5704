import { defineCommand, text } from '../../frame/define.ts';
import { environmentName, only } from '../../frame/words.ts';
import { inFile, readYaml } from './in-file.ts';

export const command = defineCommand({
  arguments: '<environment>',
  about: 'A tenant that is new is created with it. With one tenant, production alone is enough.',
  options: { file: text('<file>', 'its YAML; without it, one with comments to begin from') },
  example: 'xylem env create acme/production',
  async run({ args, options, api }) {
    const name = environmentName(only(args));
    const { file } = options;
    const yaml = file === undefined ? {} : { yaml: await readYaml(file) };
    const server = await api();
    const created = await inFile(file ?? name, () =>
      server.call('environmentCreate', { body: { name, ...yaml } }),
    );
    return {
      data: created,
      text: `${created.name} is created.\nNext: xylem token create --env ${created.name}`,
    };
  },
});
