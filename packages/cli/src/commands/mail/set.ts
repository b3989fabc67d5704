import { readFile } from 'node:fs/promises';
import { XylemError } from '@xylem/core';
import { count, defineCommand, requiredText, text } from '../../frame/define.ts';
import { tokenIn } from '../../frame/token.ts';
import { mailText } from './shared.ts';

export const command = defineCommand({
  about:
    'For the whole installation, by who administers it. Settings that were there before are replaced. Nothing is sent until somebody subscribes: `xylem mail subscribe`.',
  options: {
    host: requiredText('<host>', 'the mail server (SMTP submission)'),
    from: requiredText('<address>', 'whom mail comes from'),
    port: count('<port>', 'default: 587 for starttls, 465 for tls, 25 for none', 1, 65_535),
    security: text('<how>', 'starttls (default, demanded), tls (from the first byte) or none'),
    user: text('<name>', 'what this root server is called there'),
    passwordFile: text('<file>', 'its password there; - for standard input'),
    caFile: text('<file>', 'who vouches for its certificate, PEM (default: whom the system trusts)'),
  },
  example:
    'xylem mail set --host smtp.acme.example --from xylem@acme.example --user xylem --password-file password.txt',
  async run({ options, api }) {
    const { host, from, port, security, user, passwordFile, caFile } = options;
    if (security !== undefined && security !== 'tls' && security !== 'starttls' && security !== 'none')
      throw new XylemError('E_INPUT', `--security is tls, starttls or none, not ${security}.`);
    const password = passwordFile === undefined ? undefined : await tokenIn(passwordFile);
    const ca = caFile === undefined ? undefined : await certificates(caFile);
    const mail = await (await api()).call('mailSet', {
      body: {
        host,
        from,
        ...(port === undefined ? {} : { port }),
        ...(security === undefined ? {} : { security }),
        ...(user === undefined ? {} : { user }),
        ...(password === undefined ? {} : { password }),
        ...(ca === undefined ? {} : { ca }),
      },
    });
    return {
      data: mail,
      text: `${mailText(mail)}\nNext: xylem mail subscribe ADDRESS --topics 'deployment.*'`,
    };
  },
});

async function certificates(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new XylemError('E_INPUT', `${file} can't be read: ${(cause as Error).message}.`, { cause });
  }
}
