import { exceptions, type HostProxy } from '@xylem/agent';
import { XylemError } from '@xylem/core';
import { readProxy } from '@xylem/platform';
import { text } from '../../frame/define.ts';
import { readSecret } from '../../frame/given.ts';

/** Of commands that are given more than a proxy. */
export const givenProxy = {
  proxy: text(
    '<url>',
    'reach parents through this proxy (http, https or socks5), also later (default: HTTPS_PROXY, ALL_PROXY)',
  ),
  proxyPasswordFile: text('<file>', "the password of the proxy's user; - from standard input"),
};

interface Given {
  readonly proxy: string | undefined;
  readonly proxyPasswordFile: string | undefined;
}

/** The proxy that options name, with the exceptions of NO_PROXY; null: none is named. @throws XylemError E_INPUT, E_PROXY */
export async function proxyOf(given: Given, environment: NodeJS.ProcessEnv): Promise<HostProxy | null> {
  if (given.proxy === undefined) return null;
  const { no_proxy, NO_PROXY } = environment;
  return {
    url: await withPassword(given.proxy, given.proxyPasswordFile),
    except: exceptions(no_proxy || NO_PROXY || ''),
  };
}

/** @throws XylemError E_INPUT when the URL brings a password, which would stand in the list of processes; E_PROXY */
export async function withPassword(text: string, file: string | undefined): Promise<string> {
  const { credentials, name } = readProxy(text);
  if (credentials !== null && credentials.password !== '')
    throw new XylemError(
      'E_INPUT',
      `A password on the command line is seen by everybody on this machine. Write ${name.replace('//', `//${credentials.user}@`)}, and the password in a file.`,
    );
  if (file === undefined) return text;
  if (credentials === null)
    throw new XylemError('E_INPUT', 'A password needs a user: http://USER@proxy.example:3128.');
  const url = new URL(text.includes('://') ? text : `http://${text}`);
  url.password = encodeURIComponent(await readSecret(file));
  return url.href;
}

/** For people; without the password. */
export function proxyText({ url, except }: HostProxy): string {
  if (url === null) return 'Parents are reached without a proxy, whatever the environment says.';
  const { name, credentials } = readProxy(url);
  const user = credentials === null ? '' : ` as ${credentials.user}`;
  const but = except.length === 0 ? '' : `, except ${except.join(', ')}`;
  return `Parents are reached through ${name}${user}${but}.`;
}
