import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { deploymentReplayText, firstDifference, replayDeployment } from '../../records/deployment.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'Decides again, here, by the recorded evidence, also what was decided once it had succeeded, and compares the last digests with the audit log where you may read that. The exit code is 9 where other decisions or another verdict come of it; sentences may be worded otherwise by another version.',
  example: 'xylem deployment replay d-567073cb9f4b',
  async run({ args, api }) {
    const replay = await replayDeployment(await api(), only(args));
    const { decisions, watch, audit } = replay;
    const difference = firstDifference(replay);
    const same = difference === null;
    return {
      data: { ...decisions, same, ...(same ? {} : { difference }), watch, audit },
      text: () => deploymentReplayText(replay),
      ...(same ? {} : { exitCode: 9 }),
    };
  },
});
