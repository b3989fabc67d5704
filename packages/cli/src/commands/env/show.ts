import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { quarantineLine, unknownLine } from '../../operators/words.ts';
import { environmentParams } from '../../selection/environments.ts';
import { freezeLine } from './freeze-line.ts';

export const command = defineCommand({
  arguments: '<environment>',
  about: 'Prints its YAML as it was written. `xylem env apply` takes the same text.',
  example: 'xylem env show acme/production > production.yaml',
  async run({ args, api, terminal }) {
    const server = await api();
    const params = await environmentParams(server, only(args));
    const name = `${params.tenant}/${params.environment}`;
    const [environment, yaml, { quarantines, unknown }] = await Promise.all([
      server.call('environmentShow', { params }),
      server.call('environmentYaml', { params }),
      server.call('quarantineList', { query: { environment: name, open: 'true' } }),
    ]);
    // Beside the YAML, which is for a file.
    if (environment.freeze) terminal.note(freezeLine(environment.freeze));
    for (const one of quarantines) terminal.note(quarantineLine(one));
    for (const one of unknown) terminal.note(unknownLine(one));
    return {
      data: {
        ...environment,
        version: yaml.version,
        yaml: yaml.yaml,
        quarantines,
        unknownQuarantines: unknown,
      },
      text: yaml.yaml.trimEnd(),
    };
  },
});
