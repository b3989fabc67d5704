import { XylemError } from '@xylem/core';
import { defineCommand, text } from '../../frame/define.ts';
import { passwordOption, readNewPassword, readPassword } from '../../frame/password.ts';

export const command = defineCommand({
  arguments: '[name]',
  about:
    'Your own, with the present one; or that of the person who is named, for who administers the installation. Other sessions of the person end.',
  options: {
    ...passwordOption,
    presentFile: text('<file>', 'read the present password from this file (default: ask)'),
  },
  example: 'xylem person password',
  async run({ args, options, api, terminal }) {
    if (options.passwordFile === '-' && options.presentFile === '-')
      throw new XylemError('E_INPUT', 'Standard input holds one of the two passwords. Give a file for one.');
    const asked = await api();
    const who = await asked.call('whoami', {});
    const name = args[0] ?? who.name;
    const isOwn = who.kind === 'person' && who.name === name;
    const asking = { terminal };
    const present = isOwn
      ? await readPassword('Present password', { file: options.presentFile, ...asking })
      : undefined;
    const password = await readNewPassword(`New password for ${name}`, {
      file: options.passwordFile,
      ...asking,
    });
    const body = { password, ...(present === undefined ? {} : { present }) };
    await asked.call('personPassword', { params: { name }, body });
    return { data: { name, changed: true }, text: `The password of ${name} is changed.` };
  },
});
