import { XylemError } from '@xylem/core';
import { parseEnvironmentYaml } from '@xylem/core/yaml';
import { clientFor, readBody } from '@xylem/platform';
import { type EnvironmentRow, fullName } from '../environments/names.ts';
import { signedHeaders } from '../notify/sign.ts';
import type { Root } from '../root.ts';
import { changeSource, type SourceRow } from './source.ts';

export const answerStates = ['approved', 'waiting', 'refused', 'unknown'] as const;
export type AnswerState = (typeof answerStates)[number];

/** What would be changed by a ticket. */
export interface TicketQuestion {
  readonly change: string | undefined;
  readonly kind: 'deploy' | 'rollback' | 'undeploy';
  readonly product: string;
  /** Null: an undeploy, or a rollback to what ran before. */
  readonly version: string | null;
  readonly plan?: { readonly id: string; readonly digest: string };
}

interface Answer {
  readonly state: AnswerState;
  readonly message: string;
  /** Nobody answered: who asks again at once waits as long in vain. */
  readonly isAway?: true;
}

const deadlineMs = 15_000;
const maxBytes = 64 * 1024;
const mostAtOnce = 8;
const mostMessage = 500;

/** Whether policy demands a ticket. */
export const demandsTicket = (row: EnvironmentRow): boolean =>
  parseEnvironmentYaml(row.yaml, fullName(row)).policy.change === 'required';

/**
 * Asks about a ticket, once for each of these environments, and keeps what was said: gates look at that, and never
 * wait for anybody. Whoever is asked is asked by nobody who holds a lock. Where no answer comes nothing more
 * is asked, so that many environments take no longer than one. Never throws for what is answered.
 */
export async function askTickets(
  root: Pick<Root, 'db' | 'clock' | 'randomness'>,
  environments: readonly EnvironmentRow[],
  question: TicketQuestion,
): Promise<void> {
  const { change } = question;
  if (change === undefined || environments.length === 0) return;
  const source = await changeSource(root.db);
  if (source === undefined) return;
  const asked = { ...question, change };
  let away: Answer | null = null;
  const left = environments.values();
  const askInTurn = async (): Promise<void> => {
    for (const environment of left) {
      const answer: Answer = away ?? (await askOne(root, source, environment, asked));
      if (answer.isAway === true) away = answer;
      await keep(root, environment, asked, answer);
    }
  };
  await Promise.all(Array.from({ length: mostAtOnce }, askInTurn));
}

async function keep(
  { db, clock }: Pick<Root, 'db' | 'clock'>,
  { id }: EnvironmentRow,
  { product, version, change }: TicketQuestion & { readonly change: string },
  { state, message }: Answer,
): Promise<void> {
  const values = { state, message, asked_ms: clock.now() };
  await db
    .insertInto('change_answers')
    .values({ environment: id, product, version: version ?? '', change, ...values })
    .onConflict((c) => c.columns(['environment', 'product', 'version', 'change']).doUpdateSet(values))
    .execute();
}

async function askOne(
  { clock, randomness }: Pick<Root, 'clock' | 'randomness'>,
  { url, secret }: SourceRow,
  environment: EnvironmentRow,
  { change, kind, product, version, plan }: TicketQuestion,
): Promise<Answer> {
  const body = Buffer.from(
    JSON.stringify({
      format: 'xylem-change-1',
      change,
      environment: fullName(environment),
      kind,
      product,
      version,
      plan: plan ?? null,
    }),
  );
  const id = `c-${randomness.bytes(6).toString('hex')}`;
  const secrets = [{ secret, untilMs: null }];
  const headers = signedHeaders({ secrets }, id, body, clock.now());
  const client = clientFor(url);
  const { origin } = new URL(url);
  const signal = AbortSignal.timeout(deadlineMs);
  try {
    const answer = await client.request({ method: 'POST', url, headers, body, signal });
    const bytes = await readBody(answer.body, maxBytes, origin);
    if (answer.status !== 200) return unknown(`${origin} answered ${answer.status}.`);
    return answerOf(bytes.toString('utf8')) ?? unknown(`${origin} answered something else than a state.`);
  } catch (error) {
    const why = signal.aborted
      ? `does not answer within ${deadlineMs / 1000} s.`
      : `can't be reached${error instanceof XylemError ? `: ${error.message}` : '.'}`;
    return { ...unknown(`${origin} ${why}`), isAway: true };
  } finally {
    client.close();
  }
}

const unknown = (message: string): Answer => ({ state: 'unknown', message });

/** Null: it says nothing that is known. */
function answerOf(text: string): Answer | null {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof said !== 'object' || said === null) return null;
  const { state, message } = said as Readonly<Record<string, unknown>>;
  if (state !== 'approved' && state !== 'waiting' && state !== 'refused') return null;
  const words = typeof message === 'string' ? message.replaceAll(/\p{Cc}+/gu, ' ').slice(0, mostMessage) : '';
  return { state, message: words };
}
