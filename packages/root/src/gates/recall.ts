import { refuseRecalled } from '../recalls/rows.ts';
import { type Gate, targetOf } from './gate.ts';

/** Also the way back is refused: nobody goes back to what was taken back everywhere. */
export const recall: Gate = {
  name: 'recall',
  codes: ['E_RECALLED'],
  concerns: ({ target }) => target !== null,
  async look(trx, candidate) {
    await refuseRecalled(trx, candidate.environment.id, targetOf(candidate).digest);
    return 'It is not recalled.';
  },
};
