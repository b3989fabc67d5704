import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { inWords, stillMissing } from '../../publishing/carry-out.ts';
import { ofWhich, openCeremony } from './open.ts';

export const command = defineCommand({
  arguments: '<file>',
  about: 'Says in words what the file changes and who has still to sign. Needs no root server.',
  example: 'xylem ceremony show root.ceremony',
  async run(invocation) {
    const { args, home } = invocation;
    const file = only(args);
    const open = await openCeremony(file, invocation);
    const { trusted, drafts, began, pinned } = open;
    const words = await inWords(home.keysFolder, trusted, drafts);
    const missing = stillMissing(trusted, drafts);
    return {
      data: { repository: trusted.id, pinned, began, words, missing },
      text: [
        ofWhich(open),
        `Begun ${began}.`,
        ...words,
        ...(missing.length === 0 ? [`All have signed. Next: xylem ceremony finish ${file}`] : missing),
      ].join('\n'),
    };
  },
});
