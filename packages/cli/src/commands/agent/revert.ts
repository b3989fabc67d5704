import { returnProduct } from '@xylem/agent';
import { XylemError } from '@xylem/core';
import { defineCommand, flag, text } from '../../frame/define.ts';
import { terminalLog } from '../../frame/terminal-log.ts';
import { nameOfUser } from './name-of-user.ts';
import { joinedFolder, stateOption } from './state.ts';

const waitMs = 120_000;

export const command = defineCommand({
  about: `Takes a product back to what this host ran before, without any server: for the night when the new version is
wrong here and nobody can be asked. It stays there, whatever the root server directs, until --undo; the root server
hears of it with the next report, and writes it into its audit log. Data folders are not touched.`,
  arguments: '<product>',
  options: {
    ...stateOption,
    reason: text('<text>', 'why: people read it in xylem host why and in the audit log'),
    undo: flag('follow direction with this product again'),
  },
  example: "xylem agent revert shop --reason 'checkout fails since 2.4.0' --state /var/lib/xylem/host",
  async run({ args: [product = ''], options, clock, environment, terminal }) {
    const { reason, undo } = options;
    if (undo === (reason !== undefined)) {
      throw new XylemError('E_INPUT', 'Say either --reason TEXT, to take it back, or --undo.');
    }
    const stateFolder = joinedFolder(options.state);
    const order = reason === undefined ? null : { reason, by: nameOfUser(environment) };
    const log = terminalLog(terminal);
    const { returns, state } = await returnProduct({ stateFolder, product, order, waitMs, clock, log });
    const what =
      order === null
        ? `${product} follows direction again`
        : returns.map(({ component, to }) => `${component} stays at ${to}`).join(', ');
    return { data: { product, returns, state }, text: `${what}${tails[state]}` };
  },
});

const tails = {
  done: '.',
  'under way': '; it is still under way, the log of the agent says more.',
  'agent is down': '; the agent does not run: it does so when it starts.',
} as const;
