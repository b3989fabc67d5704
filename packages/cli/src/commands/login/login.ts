import { hostname } from 'node:os';
import { XylemError } from '@xylem/core';
import { openApi } from '../../api/client.ts';
import { defineCommand, flag, type Invocation, text } from '../../frame/define.ts';
import { passwordOption, readPassword } from '../../frame/password.ts';
import { tokenIn, tokenOf } from '../../frame/token.ts';
import { isName, only } from '../../frame/words.ts';
import type { Context } from '../../home/contexts.ts';
import { grantsText } from '../api-token/shared.ts';
import { signInByDevice } from './device.ts';

function rootUrl(word: string): string {
  const url = URL.parse(word);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.origin;
  throw new XylemError(
    'E_INPUT',
    `"${word}" is no address of a root server. Write http://127.0.0.1:8440 or https://root.example:8441.`,
  );
}

async function learn(url: string, pin: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const { learnCa } = await import('../../api/pinned.ts');
  return learnCa(url, pin, environment);
}

/** The installation's own certificate is known to nobody but its pin. */
function needsPin(url: string, error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error) || !/certificate/i.test(cause.message)) return error;
  const message = `${url} shows a certificate of its own installation. Give --pin, the last part of a join token.`;
  return new XylemError('E_CERTIFICATE', message, { cause });
}

type Asking = Pick<Invocation, 'clock' | 'environment' | 'signal' | 'terminal'>;

/** Exchanges the token that a CI system gave this job. */
async function exchange(context: Context, word: string, { environment, signal }: Asking): Promise<string> {
  const token = await tokenIn(word);
  const api = await openApi(context, environment, signal);
  try {
    return (await api.call('loginExchange', { body: { token } })).token;
  } finally {
    api.close();
  }
}

/** A session's token for whom the issuer vouches for. */
async function byIssuer(context: Context, asking: Asking): Promise<string> {
  const api = await openApi(context, asking.environment, asking.signal);
  try {
    return await signInByDevice(api, asking);
  } catch (error) {
    throw context.pin === undefined && context.url.startsWith('https:')
      ? needsPin(context.url, error)
      : error;
  } finally {
    api.close();
  }
}

/** A session's token for a name and its password. */
async function signIn(
  context: Context,
  name: string,
  { file, environment, signal, terminal }: Asking & { readonly file: string | undefined },
): Promise<string> {
  const password = await readPassword(`Password of ${name}`, { file, terminal });
  const api = await openApi(context, environment, signal);
  try {
    const body = { name, password, device: hostname().slice(0, 100) };
    return (await api.call('signIn', { body })).token;
  } catch (error) {
    throw context.pin === undefined && context.url.startsWith('https:')
      ? needsPin(context.url, error)
      : error;
  } finally {
    api.close();
  }
}

export const command = defineCommand({
  arguments: '<url>',
  about:
    'By an API token, as a person with a password or by the issuer that the root server knows (such a session ends after 12 hours), or as a CI job by the token that its CI system gave it. Also without login: XYLEM_URL, XYLEM_TOKEN and XYLEM_PIN in the environment.',
  options: {
    token: text('<token>', 'an API token; - reads it from standard input'),
    exchangeToken: text(
      '<file>',
      "a CI system's token, exchanged for one of 15 minutes; - for standard input",
    ),
    oidc: flag('sign in by the issuer: shows a code to enter in any browser'),
    as: text('<name>', 'sign in as this person, by password'),
    ...passwordOption,
    pin: text('<pin>', "for https: the pin of the installation's CA, the last part of a join token"),
    name: text('<name>', 'how to call it with --context (default: root)'),
  },
  example: 'xylem login https://root.example:8441 --as anna --pin 3q2-7wAb…',
  async run({ args, options, home, clock, environment, signal, terminal }) {
    const name = options.name ?? 'root';
    if (!isName(name))
      throw new XylemError('E_INPUT', `--name ${name} is not valid. Use lower-case letters, digits and -.`);
    const url = rootUrl(only(args));
    const { pin } = options;
    const ways = [options.token, options.as, options.exchangeToken].filter((way) => way !== undefined);
    if (ways.length + (options.oidc ? 1 : 0) !== 1) {
      const message =
        'Say who you are: --oidc by an issuer, --as NAME with a password, --token TOKEN, or --exchange-token FILE of a CI job.';
      throw new XylemError('E_INPUT', message);
    }
    const pinned =
      pin === undefined || !url.startsWith('https:') ? {} : { pin, ca: await learn(url, pin, environment) };
    const unknown = { url, token: '', ...pinned };
    const asking = { clock, environment, signal, terminal };
    const token = await (options.as !== undefined
      ? signIn(unknown, options.as, { file: options.passwordFile, ...asking })
      : options.exchangeToken !== undefined
        ? exchange(unknown, options.exchangeToken, asking)
        : options.oidc
          ? byIssuer(unknown, asking)
          : tokenOf(options.token ?? ''));
    const context = { url, token, ...pinned };
    const api = await openApi(context, environment, signal);
    try {
      const who = await api.call('whoami', {}).catch((error: unknown) => {
        throw pin === undefined && url.startsWith('https:') ? needsPin(url, error) : error;
      });
      const { releaseRepository: repository } = await api.call('rootInfo', {});
      await home.remember(name, { ...context, ...(repository === null ? {} : { repository }) });
      return {
        data: { context: name, url: context.url, ...who },
        text: `${context.url} knows you as ${who.name} (${grantsText(who.grants)}).\nNext: xylem status`,
      };
    } finally {
      api.close();
    }
  },
});
