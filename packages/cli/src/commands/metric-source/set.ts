import { XylemError } from '@xylem/core';
import { defineCommand, text } from '../../frame/define.ts';
import { tokenIn } from '../../frame/token.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<name>',
  about: `Environments name it in their policy (docs/metrics.md). A program is an executable file in the folder \`metrics\` of
the root server's state folder. The one of that name before is replaced.`,
  options: {
    prometheus: text('<url>', 'the address of a Prometheus'),
    program: text('<file>', 'the name of a program'),
    tokenFile: text('<file>', 'a bearer token for Prometheus; - for standard input'),
    tenant: text('<tenant>', 'only for its environments; else for all'),
  },
  example: 'xylem metric-source set main --prometheus https://prometheus.example:9090',
  async run({ args, options, api }) {
    const { prometheus, program, tokenFile, tenant } = options;
    const address = prometheus ?? program;
    if (address === undefined || (prometheus !== undefined && program !== undefined))
      throw new XylemError('E_INPUT', 'Give either --prometheus or --program.');
    const token = tokenFile === undefined ? undefined : await tokenIn(tokenFile);
    const name = only(args);
    const set = await (await api()).call('metricSourceSet', {
      params: { name },
      body: {
        kind: prometheus === undefined ? 'program' : 'prometheus',
        address,
        ...(token === undefined ? {} : { token }),
        ...(tenant === undefined ? {} : { tenant }),
      },
    });
    const whom = set.tenant === null ? 'all environments' : `environments of ${set.tenant}`;
    return { data: set, text: `${name} (${set.kind} ${set.address}) may be used by ${whom}.` };
  },
});
