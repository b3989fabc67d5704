import { parseRate, parseTimes, XylemError } from '@xylem/core';
import { defineCommand, flag, text } from '../../frame/define.ts';
import { yesOption } from '../../selection/confirm.ts';
import { hostArguments, hostOptions, hostSelection, selectorHelp } from '../../selection/hosts.ts';
import { checkTimes } from '../../selection/limits.ts';
import { changeHosts } from './shared.ts';

const limitOptions = {
  down: text('<rate>', 'what each host may take from its parents: 200kB/s, 64kbit/s'),
  up: text('<rate>', 'what each may send to its parents: its reports, and as a relay those of others'),
  serve: text('<rate>', 'as relays: what each may give to all its children together'),
  each: text('<rate>', 'as relays: what it may give to one child'),
  between: text('<times>', 'in these hours alone: 08:00-18:00'),
  days: text('<days>', 'when it begins on these days: mon-fri, or sat,sun'),
  zone: text('<zone>', 'the time zone of both: Europe/Berlin'),
  off: flag('take all limits away that were said so'),
};

export const command = defineCommand({
  arguments: hostArguments,
  about: `Limits what links may carry, always or in some hours; of several the strictest counts, and what an agent was
started with (xylem agent run --limit) stays. Said again for the same hours it replaces what was said.\n${selectorHelp}`,
  options: { ...hostOptions, ...limitOptions, ...yesOption },
  example:
    'xylem host limit --site muc --down 200kB/s --between 08:00-18:00 --days mon-fri --zone Europe/Berlin',
  async run(invocation) {
    const { args, options, api } = invocation;
    const select = hostSelection(args, options);
    const limits = await limitsOf(options);
    const server = await api();
    return changeHosts(invocation, options.yes, options.off ? 'freed of limits' : 'limited', (dryRun) =>
      server.call('hostLimit', { body: { select, limits, dryRun } }),
    );
  },
});

/** @throws XylemError E_INPUT */
async function limitsOf(
  said: {
    readonly [K in 'down' | 'up' | 'serve' | 'each' | 'between' | 'days' | 'zone']: string | undefined;
  } & { readonly off: boolean },
) {
  const { down, up, serve, each, off } = said;
  const times = parseTimes(said);
  const rates = {
    ...(down === undefined ? {} : { down: parseRate(down) }),
    ...(up === undefined ? {} : { up: parseRate(up) }),
    ...(serve === undefined ? {} : { serve: parseRate(serve) }),
    ...(each === undefined ? {} : { each: parseRate(each) }),
  };
  const isNone = Object.keys(rates).length === 0;
  if (off !== (isNone && times === null))
    throw new XylemError('E_INPUT', 'Say a rate by --down, --up, --serve or --each; or --off alone.');
  if (off) return [];
  if (isNone) throw new XylemError('E_INPUT', 'Say a rate for these times: --down, --up, --serve or --each.');
  const limit = { ...rates, ...(times === null ? {} : { times }) };
  await checkTimes(limit);
  return [limit];
}
