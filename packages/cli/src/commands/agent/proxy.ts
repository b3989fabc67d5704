import { type HostProxy, hostProxies, keepHostProxy } from '@xylem/agent';
import { XylemError } from '@xylem/core';
import { readProxy } from '@xylem/platform';
import { defineCommand, flag, list, text } from '../../frame/define.ts';
import { terminalLog } from '../../frame/terminal-log.ts';
import { proxyText, withPassword } from './given-proxy.ts';
import { joinedFolder, stateOption } from './state.ts';

const byEnvironment = 'The environment of the agent says whether there is a proxy (HTTPS_PROXY, ALL_PROXY).';

export const command = defineCommand({
  arguments: '[url]',
  about: `Keeps, in the host's state folder, the proxy through which its agent, and its relay if it is one, reach their parents:
http://, https:// or socks5://. It goes before the environment of the process. Without words it says what is kept. An
agent that runs takes it up when it is started anew.`,
  options: {
    except: list(
      '<host>',
      'reach this without the proxy: a name and what lies below it, an address, or a subnet; may be repeated',
    ),
    passwordFile: text('<file>', "the password of the URL's user; - from standard input"),
    none: flag('no proxy, whatever the environment says'),
    asEnvironment: flag('keep nothing: as the environment of the agent says'),
    ...stateOption,
  },
  example:
    'xylem agent proxy http://xylem@proxy.example:3128 --password-file /root/proxy --except 10.0.0.0/8',
  async run({ args, options, environment, terminal }) {
    const stateFolder = joinedFolder(options.state);
    const log = terminalLog(terminal);
    const [url] = args;
    const { none, asEnvironment, except, passwordFile } = options;
    const asked = [url !== undefined, none, asEnvironment].filter(Boolean).length;
    if (args.length > 1 || asked > 1)
      throw new XylemError('E_INPUT', "Say one of a proxy's URL, --none and --as-environment.");
    if (url === undefined && (except.length > 0 || passwordFile !== undefined))
      throw new XylemError('E_INPUT', '--except and --password-file belong to a URL.');
    if (url !== undefined)
      await keepHostProxy(stateFolder, { url: await withPassword(url, passwordFile), except }, log);
    else if (none) await keepHostProxy(stateFolder, { url: null, except: [] }, log);
    else if (asEnvironment) await keepHostProxy(stateFolder, null, log);
    const { kept } = await hostProxies(stateFolder, environment, log);
    const next = asked === 0 ? '' : ' Start the agent anew: systemctl restart xylem-agent.';
    return {
      data: { state: stateFolder, kept: kept === null ? null : shown(kept) },
      text: `${kept === null ? byEnvironment : proxyText(kept)}${next}`,
    };
  },
});

const shown = ({ url, except }: HostProxy) => ({
  proxy: url === null ? null : readProxy(url).name,
  user: url === null ? null : (readProxy(url).credentials?.user ?? null),
  except,
});
