import { byId } from '../../frame/by-id.ts';

export const command = byId({
  about: 'It stops working at once, also where it is signed in.',
  example: 'xylem api-token revoke 3f9a0c1d2e4b5a69',
  operation: 'apiTokenDelete',
  done: { revoked: true },
  said: (id) => `API token ${id} no longer works.`,
});
