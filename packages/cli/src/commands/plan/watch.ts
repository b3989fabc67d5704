import { errorCodes, exitCodes, XylemError } from '@xylem/core';
import type { PlanDetail } from '@xylem/root/contract';
import type { Invocation, Outcome } from '../../frame/define.ts';
import { counted } from '../../frame/words.ts';
import { planProgress } from './shared.ts';

type Stage = PlanDetail['stages'][number];

const askEveryMs = 3_000;

/**
 * Follows a plan through all its stages until it ends or a person has to say something, a line for each thing that
 * changes. A root server that is away for a while is waited for.
 * @throws XylemError E_TIMEOUT after `timeoutSeconds`, E_INTERRUPTED; the plan goes on all the same
 */
export async function watchPlan(
  invocation: Invocation,
  id: string,
  timeoutSeconds: number | undefined,
): Promise<Outcome> {
  const { clock, terminal, signal } = invocation;
  const endMs =
    timeoutSeconds === undefined ? Number.POSITIVE_INFINITY : clock.monotonicMs() + timeoutSeconds * 1000;
  const progress = terminal.progress(`plan ${id}`, true);
  const told = new Set<string>();
  const ask = asking(invocation, id);
  try {
    for (;;) {
      const plan = await ask();
      if (plan !== null) {
        for (const line of linesOf(plan).filter((one) => !told.has(one))) {
          told.add(line);
          terminal.line(line);
        }
        const end = endOf(plan);
        if (end !== null) {
          progress.done(sumOf(plan));
          return { data: plan, text: () => `${planProgress(plan)}\n${end.text}`, exitCode: end.exitCode };
        }
        progress.update(sumOf(plan));
      }
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0)
        throw new XylemError('E_TIMEOUT', `The plan ${id} goes on still. Look: xylem plan show ${id}`);
      await clock.sleep(Math.min(askEveryMs, leftMs), signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new XylemError(
      'E_INTERRUPTED',
      `The plan ${id} goes on without you. Follow it again: xylem plan show ${id} --watch; end it: xylem plan stop ${id} --reason …`,
    );
  }
}

/** The plan as it stands now; null: the root server does not answer, which is said once. */
function asking({ api, terminal }: Invocation, id: string): () => Promise<PlanDetail | null> {
  let isAway = false;
  return async () => {
    try {
      const plan = await (await api()).call('planShow', { params: { id } });
      if (isAway) terminal.note('The root server answers again.');
      isAway = false;
      return plan;
    } catch (error) {
      if (!(error instanceof XylemError) || !passing.has(error.code)) throw error;
      if (!isAway) terminal.note(`${error.message} The plan goes on with it; asking again.`);
      isAway = true;
      return null;
    }
  };
}

const passing: ReadonlySet<string> = new Set(['E_PARENT_UNREACHABLE', 'E_PROXY', 'E_NETWORK', 'E_BUSY']);

/** What is to be said once of a plan as it stands. */
function linesOf({ stages, deployments }: PlanDetail): string[] {
  const ended = deployments.filter(({ state }) => state !== 'running');
  return [
    ...stages.flatMap((stage) => [
      ...stageLines(stage),
      ...stage.environments.flatMap(({ name, waits }) =>
        waits === null ? [] : [`${stage.name}: ${name} waits: ${waits.reason}`],
      ),
    ]),
    ...ended.map(({ id, environment, state }) => `${environment.name}: ${id} is ${state}`),
  ];
}

function stageLines({ name, environments, standing }: Stage): string[] {
  if (standing === null || standing.state === 'waiting') return [];
  const { state, succeeded, failed, soaksUntil, ring } = standing;
  const begun = `${name} has begun: ${counted(environments.length, 'environment')}`;
  const judged =
    ring === undefined || ring.verdict === 'no data' ? [] : [`${name}: ${ring.verdict}. ${ring.reason}`];
  if (state === 'running') return [begun, ...judged];
  const counts = `${succeeded} succeeded, ${failed} failed`;
  return [
    begun,
    ...judged,
    `${name} ${soaksUntil === null ? state : `soaks until ${soaksUntil}`}: ${counts}`,
  ];
}

function sumOf({ stages, next }: PlanDetail): string {
  const stage = stages.find(({ standing }) => standing?.state !== 'passed') ?? stages.at(-1);
  const { left = 0, running = 0, succeeded = 0, failed = 0 } = stage?.standing ?? {};
  const then = next === null ? '' : `; next: ${next.what}`;
  return `${stage?.name ?? ''}: ${succeeded} succeeded, ${running} under way, ${left} to come, ${failed} failed${then}`;
}

/** How it ended, or what it waits for a person to say, and with which exit code; null: it goes on. */
function endOf({ id, state, stages, ended }: PlanDetail): { text: string; exitCode: number } | null {
  const why = ended === null ? '' : ` by ${ended.by}${ended.reason === null ? '' : `: ${ended.reason}`}`;
  if (state === 'finished') return { text: `The plan ${id} has finished.`, exitCode: exitCodes.ok };
  if (state === 'stopped') {
    const text = `The plan ${id} was stopped${why}. Take back what it brought: xylem plan rollback ${id} --reason …`;
    return { text, exitCode: exitCodes.outcome };
  }
  const { exitCode } = errorCodes.E_APPROVAL_MISSING;
  if (state === 'paused') {
    const text = `The plan ${id} waits for a person, paused${why}. Go on: xylem plan resume ${id} --reason …; or end it: xylem plan stop ${id} --reason …`;
    return { text, exitCode };
  }
  if (state !== 'started')
    return { text: `The plan ${id} is ${state}. Start it: xylem deploy --plan ${id}`, exitCode };
  return waitsForApproval(stages)
    ? {
        text: `The plan ${id} waits for an approval, which the line above names. Who may look: xylem plan show ${id}`,
        exitCode,
      }
    : null;
}

/** Nothing is under way, and what is next lacks somebody's word. */
const waitsForApproval = (stages: readonly Stage[]): boolean =>
  stages.every(({ standing }) => standing?.running === 0) &&
  stages.some(({ environments }) => environments.some(({ waits }) => waits?.code === 'E_APPROVAL_MISSING'));
