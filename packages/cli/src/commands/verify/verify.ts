import { exitCodes } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { counted, only } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';

export const command = defineCommand({
  arguments: '<environment>',
  about:
    'Asks what users would see, as policy.verify of its YAML says, from the root server. Ends with 9 when one does not pass.',
  options: {},
  example: 'xylem verify acme/production',
  async run({ args, api }) {
    const server = await api();
    const params = await environmentParams(server, only(args));
    const answer = await server.call('environmentVerify', { params });
    const failed = answer.probes.filter(({ state }) => state !== 'pass').length;
    const isFine = answer.probes.length > 0 && failed === 0;
    const rows = answer.probes.map(({ name, url, state, reason, since }) => [
      name,
      state,
      reason,
      since,
      url,
    ]);
    const none = 'Its policy names no probes: docs/verification.md.';
    const sum =
      rows.length === 0
        ? ''
        : `\n${failed === 0 ? `${counted(rows.length, 'probe')} passed.` : `${failed} of ${counted(rows.length, 'probe')} did not pass.`}`;
    return {
      data: answer,
      text: `${tabulate(['PROBE', 'STATE', 'SAW', 'SINCE', 'ADDRESS'], rows, none)}${sum}`,
      exitCode: isFine ? exitCodes.ok : exitCodes.outcome,
    };
  },
});
