import { XylemError } from '@xylem/core';
import { openApi } from '../../api/client.ts';
import { defineCommand, requiredText, text } from '../../frame/define.ts';
import { tokenOf } from '../../frame/token.ts';
import { isName, only } from '../../frame/words.ts';
import { grantsText } from '../api-token/shared.ts';

function rootUrl(word: string): string {
  const url = URL.parse(word);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.origin;
  throw new XylemError(
    'E_INPUT',
    `"${word}" is no address of a root server. Write http://127.0.0.1:8440 or https://root.example:8441.`,
  );
}

async function learn(url: string, pin: string): Promise<string> {
  const { learnCa } = await import('../../api/pinned.ts');
  return learnCa(url, pin);
}

/** The installation's own certificate is known to nobody but its pin. */
function needsPin(url: string, error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error) || !/certificate/i.test(cause.message)) return error;
  const message = `${url} shows a certificate of its own installation. Give --pin, the last part of a join token.`;
  return new XylemError('E_CERTIFICATE', message, { cause });
}

export const command = defineCommand({
  arguments: '<url>',
  about: 'Also without login: XYLEM_URL, XYLEM_TOKEN and XYLEM_PIN in the environment.',
  options: {
    token: requiredText('<token>', "an operator's token; - reads it from standard input"),
    pin: text('<pin>', "for https: the pin of the installation's CA, the last part of a join token"),
    name: text('<name>', 'how to call it with --context (default: root)'),
  },
  example: 'xylem login https://root.example:8441 --token xya1.… --pin 3q2-7wAb…',
  async run({ args, options, home, environment, signal }) {
    const name = options.name ?? 'root';
    if (!isName(name))
      throw new XylemError('E_INPUT', `--name ${name} is not valid. Use lower-case letters, digits and -.`);
    const url = rootUrl(only(args));
    const { pin } = options;
    const token = await tokenOf(options.token);
    const pinned = pin === undefined || !url.startsWith('https:') ? {} : { pin, ca: await learn(url, pin) };
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
