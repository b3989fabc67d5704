import { grantsChange } from './change.ts';

export const command = grantsChange(
  'revoke',
  'remove',
  'Takes a grant away, as it was given; open sessions lose it at once.',
);
