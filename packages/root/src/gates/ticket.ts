import { timeOf, XylemError } from '@xylem/core';
import type { Database } from '../db/tables.ts';
import { fullName } from '../environments/names.ts';
import { changeSource } from '../tickets/source.ts';
import type { Candidate, Gate } from './gate.ts';

/** What was said longer ago counts no more: tickets are taken back, too. */
const countsForMs = 10 * 60_000;

/** The ticket that policy demands was approved by who keeps tickets. A way back at night needs none. */
export const ticket: Gate = {
  name: 'change-ticket',
  codes: ['E_CHANGE_TICKET'],
  concerns: ({ isWayBack, spec }) => !isWayBack && spec.policy.change === 'required',
  async look(trx, candidate) {
    const { change, environment, nowMs } = candidate;
    const name = fullName(environment);
    if (change === null) throw refused(`A change ticket is demanded for ${name}. Name it: \`--change ID\`.`);
    if ((await changeSource(trx)) === undefined)
      throw refused(
        `A change ticket is demanded for ${name}, and nobody is there to be asked about ${change}. Who administers the installation says who: \`xylem change-source set URL\`.`,
      );
    const answer = await answerFor(trx, candidate, change);
    if (answer === undefined || nowMs - answer.asked_ms > countsForMs)
      throw refused(`Nobody was asked about the change ticket ${change} lately. Say it again.`);
    const said = `${answer.message === '' ? '' : `: ${answer.message}`} (${timeOf(answer.asked_ms)})`;
    if (answer.state === 'approved') return `The change ticket ${change} is approved${said}.`;
    const words = {
      waiting: 'is not approved yet',
      refused: 'was refused',
    }[answer.state];
    throw refused(
      words === undefined
        ? `Whether the change ticket ${change} is approved could not be had${said}. It counts as not approved.`
        : `The change ticket ${change} ${words}${said}.`,
    );
  },
};

async function answerFor(
  trx: Database,
  { environment, product, target, kind }: Candidate,
  change: string,
): Promise<{ state: string; message: string; asked_ms: number } | undefined> {
  return await trx
    .selectFrom('change_answers')
    .select(['state', 'message', 'asked_ms'])
    .where('environment', '=', environment.id)
    .where('product', '=', product)
    .where('version', '=', kind === 'undeploy' ? '' : (target?.release.version ?? ''))
    .where('change', '=', change)
    .executeTakeFirst();
}

const refused = (message: string): XylemError =>
  new XylemError('E_CHANGE_TICKET', `Nothing was begun. ${message}`, { retry: 'later' });
