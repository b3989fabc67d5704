import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { XylemError } from '@xylem/core';
import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { auditPages, filterOptions, inOrder, readFilter } from './shared.ts';

export const command = defineCommand({
  arguments: '<file>',
  about:
    'JSON lines: entries, and the signed checkpoints among them. A filter gives an export whose entries verify one by one; only a whole one shows that none is missing.',
  options: filterOptions,
  example: 'xylem audit export audit-2026-11.jsonl',
  async run({ args, options, api, terminal }) {
    const path = resolve(only(args));
    const filter = readFilter(options);
    const isWhole = Object.keys(filter).length === 0;
    const asked = await api();
    const end = isWhole ? await asked.call('auditCheckpoint', {}) : null;
    const key = end?.key ?? (await asked.call('rootInfo', {})).audit.key;
    const file = await open(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EEXIST')
        throw new XylemError('E_INPUT', `Cannot write ${path}: ${cause.message}`, { cause });
      throw new XylemError('E_CONFLICT', `${path} exists already. Name a file that does not.`, { cause });
    });
    const progress = terminal.progress('Exporting the audit log');
    let entries = 0;
    try {
      const header = {
        format: 'xylem-audit-export-1',
        key,
        filter: isWhole ? null : filter,
        end: end?.envelope ?? null,
      };
      // Not write: that one may take a part and say nothing, as on a disk that is nearly full.
      await file.appendFile(`${JSON.stringify(header)}\n`);
      for await (const page of auditPages(asked, filter, end?.sequence)) {
        const lines = [...inOrder(page)].map((line) => JSON.stringify(line));
        if (lines.length > 0) await file.appendFile(`${lines.join('\n')}\n`);
        entries += page.entries.length;
        progress.update(`${entries} entries`);
      }
      await file.sync();
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    progress.done(`${entries} written`);
    return {
      data: { file: path, entries, whole: isWhole, last: end?.sequence ?? null },
      text: `${path} holds ${entries} of the log's entries.\nNext: xylem audit verify ${path}`,
    };
  },
});
