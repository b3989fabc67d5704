import { byId } from '../../frame/by-id.ts';

export const command = byId({
  example: 'xylem token revoke 3f9a0c1d2e4b5a69',
  operation: 'tokenDelete',
  done: { revoked: true },
  said: (id) => `Token ${id} no longer works. Hosts that joined by it stay.`,
});
