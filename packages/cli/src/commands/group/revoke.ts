import { groupChange } from './change.ts';

export const command = groupChange(
  'revoke',
  'remove',
  'Takes a grant away, as it was given; open sessions lose it at once.',
);
