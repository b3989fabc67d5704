import { hostname } from 'node:os';
import { hostProxies, joinHost, keepHostProxy, proxyOfEnvironment } from '@xylem/agent';
import { XylemError } from '@xylem/core';
import { defineCommand, flag, requiredText, text } from '../../frame/define.ts';
import { terminalLog } from '../../frame/terminal-log.ts';
import { tokenOf } from '../../frame/token.ts';
import { only } from '../../frame/words.ts';
import { givenProxy, proxyOf, proxyText } from '../agent/given-proxy.ts';
import { nameOfUser } from '../agent/name-of-user.ts';
import { hostFolder, stateOption } from '../agent/state.ts';

export const command = defineCommand({
  arguments: '<url>',
  about:
    'Makes the key of this host, and asks for its certificate by the token. The secret of the token never travels.',
  options: {
    token: requiredText('<token>', 'from xylem token create; - reads it from standard input'),
    name: text('<name>', 'how to call this host (default: its host name)'),
    serve: flag('serve others as a relay; the token must allow it'),
    allowPlainHttp: flag(
      'parents with http:// beyond loopback may be used later; joining itself is always by TLS',
    ),
    observe: flag(
      'change nothing: report what would be done, until components are adopted (xylem agent adopt)',
    ),
    ...givenProxy,
    ...stateOption,
  },
  example: 'xylem join https://root.example:8441 --token xyl1.… --name web-1',
  async run({ args, options, clock, randomness, terminal, environment, self }) {
    const url = only(args);
    if (!/^https:\/\/[^/]+\/?$/.test(url))
      throw new XylemError('E_INPUT', `"${url}" is no node's address. Write https://host:port.`);
    const token = await tokenOf(options.token);
    const stateFolder = hostFolder(options.state);
    const log = terminalLog(terminal);
    const given = await proxyOf(options, environment);
    const { kept } = await hostProxies(stateFolder, environment, log);
    // What it joins through it goes on with, also where a unit does not have this environment.
    const proxy = given ?? kept ?? proxyOfEnvironment(url, environment);
    if (proxy !== null) await keepHostProxy(stateFolder, proxy, log);
    const proxies = await hostProxies(stateFolder, environment, log);
    const joined = await joinHost({
      url: url.replace(/\/$/, ''),
      token,
      stateFolder,
      name: options.name ?? hostname().toLowerCase(),
      serve: options.serve,
      allowPlainHttp: options.allowPlainHttp,
      ...(options.observe ? { observedBy: nameOfUser(environment) } : {}),
      clock,
      randomness,
      log,
      proxyEnvironment: proxies.environment,
    });
    const run = `${self.length === 1 ? self[0] : 'xylem'} agent run --state ${stateFolder}`;
    return {
      data: { ...joined, stateFolder, run },
      text: `${proxy === null ? '' : `${proxyText(proxy)} Another: xylem agent proxy.\n`}Joined ${joined.environment.name} as ${joined.host}.${joined.observes ? ' It only observes: nothing is changed on it.' : ''}\nNext: ${run}`,
    };
  },
});
