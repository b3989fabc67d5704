import { nothingRecorded, noWatchRecorded, replayed, replayedWatch, watchStandsAfter } from '@xylem/core';
import type { ResponseOf } from '@xylem/root/contract';
import type { Api } from '../api/client.ts';
import { type Audited, auditedText, comparedWithAudit } from './audited.ts';
import { type Digests, nothingIsRecorded, type Replay, replayRecords, replayText } from './replay.ts';

type Stand = ResponseOf<'deploymentEvidence'>['watch'];

interface DeploymentReplay {
  readonly decisions: Replay;
  /** Of looks once it had succeeded; null: there are no records of them, `unrecorded` says why. */
  readonly watch: Replay | null;
  /** A sentence; null: there was no watch, or it is recorded. */
  readonly unrecorded: string | null;
  /** Null: the records differ already. */
  readonly audit: Audited | null;
}

/** Decides all of a deployment again, here, up to the first that differs. @throws XylemError E_NOT_FOUND */
export async function replayDeployment(server: Api, id: string): Promise<DeploymentReplay> {
  const decided: Digests = new Map();
  const watched: Digests = new Map();
  let stand: Stand;
  const decisions = await replayRecords({
    nothing: nothingRecorded,
    page: (after) => server.call('deploymentEvidence', { params: { id }, query: { after } }),
    again: replayed,
    digests: decided,
    missing: ({ number }, page) => {
      stand = page.watch;
      if (page.decided === 0 || number === 0)
        throw nothingIsRecorded(id, 'nothing was decided yet, or by an older root server');
      return page.decided === number
        ? null
        : `${page.decided} decisions were made, and ${number} are recorded.`;
    },
  });
  if (!decisions.same) return { decisions, watch: null, unrecorded: null, audit: null };
  const unrecorded = unrecordedText(stand);
  const watch =
    unrecorded === null && stand ? await replayWatch(server, id, decisions.digest, watched) : null;
  if (watch?.same === false) return { decisions, watch, unrecorded, audit: null };
  const audit = await comparedWithAudit(server, `deployment/${id}`, (what, { records, evidence }) => [
    { records, evidence, of: what.startsWith('deployment.watch-') ? watched : decided },
  ]);
  return { decisions, watch, unrecorded, audit };
}

async function replayWatch(
  server: Api,
  id: string,
  digest: Parameters<typeof noWatchRecorded>[0],
  digests: Digests,
): Promise<Replay> {
  return await replayRecords({
    nothing: noWatchRecorded(digest),
    page: (after) => server.call('deploymentEvidence', { params: { id }, query: { of: 'watch', after } }),
    again: replayedWatch,
    digests,
    missing: (left, { watch }) =>
      watch && watch.recorded === left.number && watchStandsAfter(left, watch)
        ? null
        : `The watch stands elsewhere than record ${left.number} of it left it: one after it is missing, or what stands was changed.`,
  });
}

function unrecordedText(stand: Stand): string | null {
  if (stand?.recorded !== null) return null;
  return stand.state === 'watching'
    ? 'It is still looked after, and nothing was decided by that yet.'
    : 'How it was looked after is in no record: an older root server did.';
}

export function deploymentReplayText({ decisions, watch, unrecorded, audit }: DeploymentReplay): string {
  return [
    replayText(decisions),
    ...(watch === null ? [] : [`Once it had succeeded: ${replayText(watch)}`]),
    ...(unrecorded === null ? [] : [unrecorded]),
    ...(audit === null ? [] : [auditedText(audit)]),
  ].join('\n');
}

/** The first difference, a sentence; null: all is the same. */
export function firstDifference({ decisions, watch, audit }: DeploymentReplay): string | null {
  if (!decisions.same) return decisions.difference;
  if (watch?.same === false) return watch.difference;
  return audit?.kind === 'differs' ? audit.difference : null;
}
