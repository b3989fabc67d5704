import { noRingRecorded, replayedRing, standsAfter, XylemError } from '@xylem/core';
import type { PlanDetail } from '@xylem/root/contract';
import type { Api } from '../../api/client.ts';
import { defineCommand } from '../../frame/define.ts';
import { auditedText, comparedWithAudit, objectOf } from '../../records/audited.ts';
import {
  type Digests,
  nothingIsRecorded,
  type Replay,
  replayRecords,
  replayText,
} from '../../records/replay.ts';

export const command = defineCommand({
  arguments: '<id> [stage]',
  about:
    'Looks again, here, at the recorded evidence of each ring (a stage that is judged as one). The exit code is 9 where another verdict comes of it, a record is damaged or missing, or the audit log names another digest; sentences may be worded otherwise by another version.',
  example: 'xylem plan replay p-567073cb9f4b few',
  async run({ args: [id = '', stage], api }) {
    const server = await api();
    const rings = ringsOf(await server.call('planShow', { params: { id } }), stage);
    const stages: (Replay & { readonly stage: string })[] = [];
    const digests = new Map<string, Digests>(rings.map((name) => [name, new Map()]));
    for (const name of rings)
      stages.push({ stage: name, ...(await replayRing(server, id, name, digests.get(name))) });
    if (stages.every(({ records, same }) => same && records === 0))
      throw nothingIsRecorded(id, 'no ring of it was looked at yet');
    const audit = stages.every(({ same }) => same)
      ? await comparedWithAudit(server, `plan/${id}`, (_what, { rings: judged }) => namedOf(digests, judged))
      : null;
    const same = audit !== null && audit.kind !== 'differs';
    return {
      data: { same, stages, audit },
      text: () =>
        [
          ...stages.map((one) => `${one.stage}: ${ringText(one)}`),
          ...(audit === null ? [] : [auditedText(audit)]),
        ].join('\n'),
      ...(same ? {} : { exitCode: 9 }),
    };
  },
});

const ringText = (replay: Replay): string =>
  replay.same && replay.records === 0 ? 'Nothing is recorded yet.' : replayText(replay);

/** A stage that there is not is refused by the root server. @throws XylemError E_INPUT */
function ringsOf({ id, stages }: PlanDetail, wanted: string | undefined): string[] {
  if (wanted !== undefined) return [wanted];
  const rings = stages.filter(({ verdict }) => verdict !== undefined).map(({ name }) => name);
  if (rings.length > 0) return rings;
  throw new XylemError(
    'E_INPUT',
    `No stage of ${id} is judged as one. Replay its deployments: \`xylem deployment replay\`.`,
  );
}

/** What an entry says of the rings that were looked at again. @param judged by stage: the last record, and its digest */
const namedOf = (digests: ReadonlyMap<string, Digests>, judged: unknown) =>
  Object.entries(objectOf(judged)).map(([stage, last]) => {
    const { records, evidence } = objectOf(last);
    return { records, evidence, of: digests.get(stage) ?? null };
  });

async function replayRing(
  server: Api,
  id: string,
  stage: string,
  digests: Digests = new Map(),
): Promise<Replay> {
  return await replayRecords({
    nothing: noRingRecorded,
    page: (after) => server.call('planEvidence', { params: { id }, query: { stage, after } }),
    again: replayedRing,
    digests,
    missing: (recorded, { state }) =>
      state === null || standsAfter(recorded, state)
        ? null
        : `The ring stands elsewhere than its last record left it: a record after ${recorded.number} is missing, or what stands was changed.`,
  });
}
