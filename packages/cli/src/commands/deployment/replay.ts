import { nothingRecorded, replayed, XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { counted, only } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'Decides again, here, by the recorded evidence. The exit code is 9 where other decisions or another verdict come of it; sentences may be worded otherwise by another version.',
  example: 'xylem deployment replay d-567073cb9f4b',
  async run({ args, api }) {
    const server = await api();
    const params = { id: only(args) };
    let recorded = nothingRecorded;
    let digest: string | null = null;
    let worded = 0;
    const differs = (difference: string) => ({
      data: { same: false, records: recorded.number, difference },
      text: () => `It differs. ${difference}`,
      exitCode: 9,
    });
    for (;;) {
      const page = await server.call('deploymentEvidence', {
        params,
        query: { after: String(recorded.number) },
      });
      for (const record of page.records) {
        const result = replayed(recorded, record.document);
        if (typeof result === 'string') return differs(result);
        recorded = result.after;
        if (result.worded === 'otherwise') worded += 1;
        if (recorded.digest !== record.digest)
          return differs(
            `Record ${record.number} has the digest ${recorded.digest}, and ${record.digest} was written down.`,
          );
        digest = recorded.digest;
      }
      if (page.hasMore) continue;
      if (page.decided === 0 || recorded.number === 0)
        throw new XylemError(
          'E_NOT_FOUND',
          `Nothing is recorded of ${params.id}: nothing was decided yet, or by an older root server.`,
        );
      if (page.decided !== recorded.number)
        return differs(`${page.decided} decisions were made, and ${recorded.number} are recorded.`);
      const { number } = recorded;
      return {
        data: { same: true, records: number, digest, wordedOtherwise: worded },
        text: () =>
          `The same: ${counted(number, 'decision')} made again from the recorded evidence, ` +
          `${worded === 0 ? 'byte for byte' : `${worded} of them said in other words by this version`}. ` +
          `The last has the digest ${digest}.`,
      };
    }
  },
});
