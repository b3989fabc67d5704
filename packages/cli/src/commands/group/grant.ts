import { groupChange } from './change.ts';

export const command = groupChange(
  'grant',
  'add',
  'Whoever the issuer of `xylem oidc set` says is in this group may it; sessions that are open may it at once. Write the group as the issuer does (some issuers name groups by ids).',
);
