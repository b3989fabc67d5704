import { resolve } from 'node:path';
import { defineCommand } from '../../frame/define.ts';
import { counted, only, sizeText } from '../../frame/words.ts';

export const command = defineCommand({
  arguments: '<out>',
  about: `OUT is a folder that does not exist yet, on the root server's machine. The publisher's keys are not in it:
they lie in ~/.xylem/keys.`,
  example: 'xylem root backup /backups/xylem-2026-11-21',
  async run({ args, api }) {
    const backup = await (await api()).call('backupCreate', {
      body: { out: resolve(only(args)) },
      timeoutMs: 3_600_000,
    });
    return {
      data: backup,
      text: `${counted(backup.files, 'file')}, ${sizeText(backup.sizeBytes)} in ${backup.out}, taken ${backup.taken}.`,
    };
  },
});
