import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<url>',
  about: `Environments with \`policy: { change: required }\` take nothing without a ticket (--change ID) that it calls approved.
Questions are signed as webhooks are; the secret is shown once.`,
  example: 'xylem change-source set https://tickets.example/xylem',
  async run({ args, api }) {
    const set = await (await api()).call('changeSourceSet', { body: { url: only(args) } });
    return { data: set, text: `${set.url} is asked about change tickets. Its secret: ${set.secret}` };
  },
});
