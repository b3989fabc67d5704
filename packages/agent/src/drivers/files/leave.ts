import { readdir, rm } from 'node:fs/promises';
import { sealedIn } from '@xylem/core';
import { bringFiles, type FileTools, forgetFiles } from './bring.ts';
import { placedFile } from './placed-file.ts';

/**
 * Takes the placed files of every component away that was given sealed values: what stood there before stands there again.
 * No program of a package is run. What people made of placed files, and was set aside, goes too.
 */
export async function takeSealedFilesBack(tools: FileTools): Promise<void> {
  const { layout, log } = tools;
  for (const component of await readdir(layout.components).catch(() => [])) {
    const own = layout.component(component);
    await rm(own.rendered, { recursive: true, force: true });
    const record = await placedFile(own.placed, log).read();
    if (record === null || sealedIn(record.placed.config).size === 0) continue;
    const { placed } = record;
    const brought = await bringFiles({ placed, rendered: [], tools, refuse: () => undefined });
    await brought.finish();
    await forgetFiles(component, tools);
  }
  await rm(layout.found, { recursive: true, force: true });
}
