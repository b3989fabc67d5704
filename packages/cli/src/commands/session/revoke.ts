import { byId } from '../../frame/by-id.ts';

export const command = byId({
  about: 'Whoever is signed in there is signed out at once.',
  example: 'xylem session revoke 3f9a0c1d2e4b5a693f9a0c1d2e4b5a69',
  operation: 'sessionRevoke',
  done: { ended: true },
  said: (id) => `Session ${id} has ended.`,
});
