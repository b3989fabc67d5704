import { XylemError } from '@xylem/core';
import { count, defineCommand, flag } from '../../frame/define.ts';
import { counted, only } from '../../frame/words.ts';
import { order, orderedBy, orderedOutcome, orderOptions } from './shared.ts';

export const command = defineCommand({
  arguments: '<database>',
  about: `Brings the database back to what a backup holds: what was written since is lost. The backup is restored on the host
where it lies, after its digest was verified. Versions that can't work with what it brings back are ended on their
hosts. Then a release from before the contract can be deployed again.`,
  options: {
    ...orderOptions,
    backup: count(
      '<term>',
      'which backup, by its term in `xylem migrate status`',
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    yes: flag('do not ask'),
    'take-over': flag('also while a step is under way'),
  },
  example: 'xylem migrate restore shop --in acme/production --backup 1795231686 --yes',
  async run(invocation) {
    const { args, options, terminal, signal } = invocation;
    const { backup } = options;
    if (backup === undefined)
      throw new XylemError('E_INPUT', 'Say which backup: --backup, a term of `xylem migrate status`.');
    const database = only(args);
    const body = {
      database,
      action: 'restore' as const,
      backup,
      ...orderedBy(options),
      takeOver: options['take-over'],
    };
    const { stops } = await order(invocation, options.in, { ...body, dryRun: true });
    const hosts = new Set(stops.map(({ host }) => host)).size;
    const ends = hosts === 0 ? '' : `, and what ${counted(hosts, 'host')} run of it is ended`;
    const sentence = `Restoring ${database} in ${options.in}: what was written since the backup is lost${ends}.`;
    terminal.note(sentence);
    if (!options.yes) {
      if (!terminal.interactive) throw new XylemError('E_CONFIRMATION', `${sentence} Say --yes.`);
      if (!(await terminal.confirm('Go on?', signal)))
        throw new XylemError('E_CONFIRMATION', 'It was not confirmed, and nothing was changed.');
    }
    return orderedOutcome(options.in, await order(invocation, options.in, body));
  },
});
