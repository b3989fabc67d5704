import { noRingRecorded, replayedRing, standsAfter, XylemError } from '@xylem/core';
import type { PlanDetail } from '@xylem/root/contract';
import type { Api } from '../../api/client.ts';
import { defineCommand } from '../../frame/define.ts';
import { nothingIsRecorded, type Replay, replayRecords, replayText } from '../../records/replay.ts';

export const command = defineCommand({
  arguments: '<id> [stage]',
  about:
    'Looks again, here, at the recorded evidence of each ring (a stage that is judged as one). The exit code is 9 where another verdict comes of it, or a record is damaged or missing; sentences may be worded otherwise by another version.',
  example: 'xylem plan replay p-567073cb9f4b few',
  async run({ args: [id = '', stage], api }) {
    const server = await api();
    const rings = ringsOf(await server.call('planShow', { params: { id } }), stage);
    const stages: (Replay & { readonly stage: string })[] = [];
    for (const name of rings) stages.push({ stage: name, ...(await replayRing(server, id, name)) });
    if (stages.every(({ records, same }) => same && records === 0))
      throw nothingIsRecorded(id, 'no ring of it was looked at yet');
    return {
      data: { same: stages.every(({ same }) => same), stages },
      text: () => stages.map((one) => `${one.stage}: ${ringText(one)}`).join('\n'),
      ...(stages.every(({ same }) => same) ? {} : { exitCode: 9 }),
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

async function replayRing(server: Api, id: string, stage: string): Promise<Replay> {
  return await replayRecords({
    nothing: noRingRecorded,
    page: (after) => server.call('planEvidence', { params: { id }, query: { stage, after } }),
    again: replayedRing,
    missing: (recorded, { state }) =>
      state === null || standsAfter(recorded, state)
        ? null
        : `The ring stands elsewhere than its last record left it: a record after ${recorded.number} is missing, or what stands was changed.`,
  });
}
