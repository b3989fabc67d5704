import { accountChange } from './change.ts';

export const command = accountChange({
  verb: 'enable',
  about: 'With the password and grants from before.',
  said: 'may sign in again.',
});
