import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';

export const command = defineCommand({
  arguments: '<environment>',
  about: 'Prints its YAML as it was written. `xylem env apply` takes the same text.',
  example: 'xylem env show acme/production > production.yaml',
  async run({ args, api }) {
    const server = await api();
    const params = await environmentParams(server, only(args));
    const [environment, yaml] = await Promise.all([
      server.call('environmentShow', { params }),
      server.call('environmentYaml', { params }),
    ]);
    return { data: { ...environment, version: yaml.version, yaml: yaml.yaml }, text: yaml.yaml.trimEnd() };
  },
});
