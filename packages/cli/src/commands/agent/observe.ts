import { changeObserving } from '@xylem/agent';
import { XylemError } from '@xylem/core';
import { defineCommand, flag } from '../../frame/define.ts';
import { terminalLog } from '../../frame/terminal-log.ts';
import { joinedFolder, stateOption } from './state.ts';

export const command = defineCommand({
  about: `Ends that this host only observes (xylem join --observe): with --off it follows direction from then on, and what
it has not adopted is installed. Nobody but whom the state folder belongs to can end it. --orders-off and --orders-on
say whether the root server may order that components are adopted (xylem host adopt).`,
  options: {
    ...stateOption,
    off: flag('follow direction from now on'),
    ordersOff: flag('adopt only what is ordered on this host'),
    ordersOn: flag('adopt what the root server orders too'),
  },
  example: 'xylem agent observe --off --state /var/lib/xylem/host',
  async run({ options, terminal }) {
    const { off, ordersOff, ordersOn } = options;
    if ([off, ordersOff, ordersOn].filter(Boolean).length !== 1)
      throw new XylemError('E_INPUT', 'Say one of --off, --orders-off and --orders-on.');
    const stateFolder = joinedFolder(options.state);
    const change = off ? null : { orders: ordersOn };
    await changeObserving({ stateFolder, change, log: terminalLog(terminal) });
    const text = off
      ? 'This host follows direction now: what it is given and has not adopted is installed.'
      : `Orders of the root server to adopt are ${ordersOn ? 'taken' : 'refused'} from now on.`;
    return { data: { observing: !off, ...change }, text };
  },
});
