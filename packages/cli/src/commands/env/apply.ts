import { count, defineCommand, flag, requiredText } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';
import { inFile, readYaml } from './in-file.ts';
import { savedText } from './shared.ts';

export const command = defineCommand({
  arguments: '<environment>',
  options: {
    file: requiredText('<file>', 'the YAML; - reads standard input'),
    dryRun: flag('check it and say what it would assign; change nothing'),
    base: count('<version>', 'refuse if the YAML there is no longer this version'),
  },
  example: 'xylem env apply acme/production --file production.yaml',
  async run({ args, options, api }) {
    const yaml = await readYaml(options.file);
    const server = await api();
    const params = await environmentParams(server, only(args));
    const baseVersion = options.base ?? (await server.call('environmentYaml', { params })).version;
    const saved = await inFile(options.file, () =>
      server.call('environmentYamlPut', { params, body: { baseVersion, yaml, dryRun: options.dryRun } }),
    );
    const name = `${params.tenant}/${params.environment}`;
    return { data: saved, text: () => savedText(name, saved, options.dryRun) };
  },
});
