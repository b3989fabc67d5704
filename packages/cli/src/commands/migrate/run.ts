import { defineCommand, flag, text } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { order, orderedBy, orderedOutcome, orderOptions, phaseNamed } from './shared.ts';

export const command = defineCommand({
  arguments: '<database>',
  about: `The next step of the database's migration, once, on one host. Hosts switch to a version that needs its schema when it
is done. A contract waits until no host, offline ones included, needs what it takes away. What can't be undone is
preceded by a backup. What failed is ordered again by the same command.`,
  options: {
    ...orderOptions,
    phase: text(
      '<phase>',
      'what you take the step for, expand, backfill or contract; another one is refused',
    ),
    'take-over': flag(
      'another runner goes on with what is under way; the database lets the former one write no more',
    ),
  },
  example: 'xylem migrate run shop --in acme/production --phase expand',
  async run(invocation) {
    const { args, options } = invocation;
    const ordered = await order(invocation, options.in, {
      database: only(args),
      action: 'run',
      ...phaseNamed(options.phase),
      ...orderedBy(options),
      takeOver: options['take-over'],
    });
    return orderedOutcome(options.in, ordered);
  },
});
