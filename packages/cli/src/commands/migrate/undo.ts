import { defineCommand, flag } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { order, orderedBy, orderedOutcome, orderOptions } from './shared.ts';

export const command = defineCommand({
  arguments: '<database>',
  about: `Takes the last step back, finished or not, while no host needs it. A contract can't be taken back: what it took comes
from the backup (\`xylem migrate restore\`).`,
  options: { ...orderOptions, 'take-over': flag('another runner goes on with what is under way') },
  example: 'xylem migrate undo shop --in acme/production',
  async run(invocation) {
    const { args, options } = invocation;
    const ordered = await order(invocation, options.in, {
      database: only(args),
      action: 'undo',
      ...orderedBy(options),
      takeOver: options['take-over'],
    });
    return orderedOutcome(options.in, ordered);
  },
});
