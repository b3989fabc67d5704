import { accountChange } from './change.ts';

export const command = accountChange({
  verb: 'disable',
  about:
    'Ends every session and refuses new ones; grants stay for when the account is enabled again. API tokens go on.',
  said: "can't sign in any more.",
});
