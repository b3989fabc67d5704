import { grantsChange } from './change.ts';

export const command = grantsChange(
  'grant',
  'add',
  'Adds to what the person may already; sessions that are open may it at once.',
);
