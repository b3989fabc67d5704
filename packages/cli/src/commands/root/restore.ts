import { resolve } from 'node:path';
import { restoreRoot } from '@xylem/root';
import { defineCommand, text } from '../../frame/define.ts';
import { counted, only } from '../../frame/words.ts';
import { rootFolder, stateOption } from './folder.ts';

export const command = defineCommand({
  arguments: '<backup>',
  about: `The restored root server first hears what its tree runs, and deploys nothing until \`xylem root confirm\`.
One that was over PostgreSQL comes back into an empty database.`,
  options: {
    ...stateOption,
    database: text('<url>', 'that database, if it is not the one it had: postgresql://USER@HOST/NAME'),
  },
  example: 'xylem root restore /backups/xylem-2026-11-21 --state /var/lib/xylem/root',
  async run({ args, options, clock }) {
    const stateFolder = rootFolder(options.state);
    const restored = await restoreRoot({
      backup: resolve(only(args)),
      stateFolder,
      clock,
      ...(options.database === undefined ? {} : { databaseUrl: options.database }),
    });
    return {
      data: { ...restored, state: stateFolder },
      text: [
        `${counted(restored.files, 'file')} restored, as of ${restored.taken}.`,
        `Next: xylem root run --state ${stateFolder}`,
        'Then: xylem root difference, and xylem root confirm',
      ].join('\n'),
    };
  },
});
