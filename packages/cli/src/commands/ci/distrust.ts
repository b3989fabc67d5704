import { byId } from '../../frame/by-id.ts';

export const command = byId({
  about: 'Also the API tokens that jobs have got by the rule stop working at once.',
  example: 'xylem ci distrust 3f9a0c1d2e4b5a69',
  operation: 'ciDistrust',
  done: { removed: true },
  said: (id) => `Rule ${id} is gone, and what was given by it.`,
});
