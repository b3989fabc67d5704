import { flag, text } from '../../frame/define.ts';

export const signOptions = {
  out: text('<file>', 'write the change into a file, to be signed on several machines'),
  yes: flag('do not ask whether what is shown shall be signed'),
};

export const changeOptions = {
  env: text('<environment>', "of this environment's direction, not of the release repository"),
  ...signOptions,
};

export const roleHelp = `ROLE is root, targets or product:NAME, or with --env root.`;
