import { nothingRecorded, replayed } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { nothingIsRecorded, replayRecords, replayText } from '../../records/replay.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'Decides again, here, by the recorded evidence. The exit code is 9 where other decisions or another verdict come of it; sentences may be worded otherwise by another version.',
  example: 'xylem deployment replay d-567073cb9f4b',
  async run({ args, api }) {
    const server = await api();
    const params = { id: only(args) };
    const replay = await replayRecords({
      nothing: nothingRecorded,
      page: (after) => server.call('deploymentEvidence', { params, query: { after } }),
      again: replayed,
      missing: ({ number }, { decided }) => {
        if (decided === 0 || number === 0)
          throw nothingIsRecorded(params.id, 'nothing was decided yet, or by an older root server');
        return decided === number ? null : `${decided} decisions were made, and ${number} are recorded.`;
      },
    });
    return { data: replay, text: () => replayText(replay), ...(replay.same ? {} : { exitCode: 9 }) };
  },
});
