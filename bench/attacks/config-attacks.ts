import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitUntil } from '@xylem/testkit';
import type { Attack } from './attack.ts';
import { type AttackLab, production, type Victim } from './lab.ts';

/** What an operator, or who directs in his place, may try to say; `marker` is the file that a command would make. */
const hostileValues = (marker: string): readonly string[] => [
  `; touch ${marker}`,
  `$(touch ${marker})`,
  `\`touch ${marker}\``,
  `| touch ${marker}`,
  `&& touch ${marker}`,
  `x\ntouch ${marker}\n`,
  `' touch ${marker} '`,
  `" touch ${marker} "`,
  '--eval=process.exit(1)',
  '--require=/etc/passwd',
  '-e',
  '../../../../etc/passwd',
  '/etc/passwd',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder in a value
  '${tree}/main.cjs',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder in a value
  '${config.v0}',
  '%s%n',
  '*',
  '~',
  '',
  '\u202e',
];

/** Writes what it was started with; what is `touch`ed by the publisher's own command is the control. */
const main = `const { writeFileSync } = require('node:fs');
writeFileSync(process.env.DATA + '/started.json', JSON.stringify({ args: process.argv.slice(2), env: process.env.VALUE }));
setInterval(() => {}, 60000); process.on('SIGTERM', () => process.exit(0));\n`;

async function publish(lab: AttackLab, component: string, manifest: string): Promise<void> {
  const folder = join(lab.folder, component);
  await mkdir(join(folder, 'tree'), { recursive: true });
  await writeFile(join(folder, 'tree', 'main.cjs'), main);
  await writeFile(
    join(folder, 'xylem.yaml'),
    `product: service\ncomponent: ${component}\nversion: 1.0.0\nkind: service\nfolder: tree\n${manifest}`,
  );
  await lab.xylem.command(['package', 'publish', folder]);
}

async function started(host: Victim, component: string): Promise<{ args: string[]; env: string } | null> {
  const path = join(host.state, 'components', component, 'data', 'started.json');
  return JSON.parse(await readFile(path, 'utf8').catch(() => 'null')) as {
    args: string[];
    env: string;
  } | null;
}

export const attacksByConfiguration: readonly Attack[] = [
  {
    name: 'a configuration value that tries to become a command',
    holds: 'the right to configure',
    run: async (lab) => {
      const marker = join(lab.folder, 'taken');
      const values = hostileValues(marker);
      const keys = values.map((_, index) => `v${index}`);
      // biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of a package
      const words = ['${node}', '${tree}/main.cjs', ...keys.map((key) => `\${config.${key}}`)];
      const defaults = keys.map((key) => `  ${key}: ""`).join('\n');
      const service = `service:\n  command: ${JSON.stringify(words)}\n  environment:\n    DATA: "\${data}"\n    VALUE: "\${config.v0}"\n`;
      await publish(lab, 'hostile', `${service}configDefaults:\n${defaults}\n`);
      const touch = JSON.stringify(['sh', '-c', `touch ${marker}-control; exec sleep 1000`]);
      await publish(lab, 'control', `service:\n  command: ${touch}\n`);
      await lab.xylem.command([
        'release',
        'create',
        'service@1.0.0',
        '--with',
        'hostile@1.0.0',
        '--with',
        'control@1.0.0',
      ]);
      const config = Object.fromEntries(keys.map((key, index) => [key, values[index]]));
      const yaml = {
        environment: production,
        products: {
          shop: { components: { payload: { where: 'not role = service' } } },
          service: {
            components: {
              hostile: { where: 'role = service', config },
              control: { where: 'role = service' },
            },
          },
        },
      };
      const file = join(lab.folder, 'hostile.yaml');
      await writeFile(file, JSON.stringify(yaml));
      await lab.xylem.command(['env', 'apply', production, '--file', file]);
      const host = await lab.host('service');
      await lab.xylem.command(['host', 'label', 'service', 'role=service', '--yes']);
      await lab.xylem.command(['deploy', 'service@1.0.0', '--to', production, '--yes']);
      // The control: a command of the publisher's does run, and is seen.
      await waitUntil(() => existsSync(`${marker}-control`), 60_000, 'the control’s command');
      const { args, env } = await waitUntil(() => started(host, 'hostile'), 60_000, 'the service');
      const succeeded = values.flatMap((value, index) =>
        args[index] === value ? [] : [`${value} became ${args[index]}`],
      );
      if (args.length !== values.length)
        succeeded.push(`${args.length} arguments instead of ${values.length}`);
      if (env !== values[0]) succeeded.push(`a variable became ${env}`);
      if (existsSync(marker)) succeeded.push('a value was run as a command');
      const nul = await lab.api('POST', '/hosts/configure', {
        select: { hosts: ['service'] },
        component: 'hostile',
        set: { v0: 'a\0b' },
      });
      const said =
        nul.status === 200
          ? await lab.refusal(host, ['E_PLACEHOLDER', 'E_CONFIG_INVALID'])
          : codeOf(nul.body);
      if ((await started(host, 'hostile'))?.env !== values[0]) succeeded.push('NUL came through');
      // The agent first: it would start them again.
      await lab.stopHosts();
      await lab.xylem.endServices(host.state);
      return { tried: values.length + 1, succeeded, said: [said] };
    },
  },
];

const codeOf = (body: unknown): string => (body as { code?: string }).code ?? JSON.stringify(body);
