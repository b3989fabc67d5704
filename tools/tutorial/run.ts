/**
 * Does what a page of the docs says, block by block, and compares what it shows.
 *
 *     node tools/tutorial/run.ts [docs/tutorial.md]
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { cleanup, tempFolder, waitUntil } from '@xylem/testkit';
import { type Block, isAsShown, readBlocks } from './blocks.ts';
import { type Machine, makeMachines } from './machines.ts';

const blockWithinMs = 90_000;
const token = /\bxy[a-z]1\.[\w.-]+/;

/** Runs a page. @throws Error that names the line of the page, what it shows and what came instead */
export async function runPage(page: string, say: (line: string) => void): Promise<void> {
  const blocks = readBlocks(await readFile(page, 'utf8'));
  const own = cleanup();
  const folder = await tempFolder(own, 'tutorial');
  const path = `${join(import.meta.dirname, '../../bin')}:${process.env.PATH}`;
  const { machines, remove } = makeMachines([...new Set(blocks.map((block) => block.machine))], folder, path);
  const stop = (): never => process.exit(130); // the networks go at 'exit'
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    for (const block of blocks) {
      say(`${page}:${block.line} (${block.machine}) ${block.script.split('\n')[0]}`);
      const output = await runBlock(block, machines).catch((error: unknown) => {
        throw new Error(`${page}:${block.line}: ${error instanceof Error ? error.message : String(error)}`);
      });
      if (block.sets === null) continue;
      const found = token.exec(output)?.[0];
      if (found === undefined) throw new Error(`${page}:${block.line}: no token in the output:\n${output}`);
      for (const machine of machines.values()) await machine.run(`${block.sets}=${found}`, blockWithinMs);
    }
  } finally {
    remove();
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await own.run();
  }
}

async function runBlock(block: Block, machines: ReadonlyMap<string, Machine>): Promise<string> {
  const machine = machines.get(block.machine);
  if (machine === undefined) throw new Error(`there is no machine ${block.machine}`);
  const { shows, script } = block;
  if (block.background) {
    const output = machine.start(script);
    if (shows === null) throw new Error('a block that stays must show by what it is known to be ready');
    await waitUntil(() => isAsShown(shows, output()), blockWithinMs, script).catch(() => {
      throw new Error(`not as shown:\n${output()}`);
    });
    return output();
  }
  const { code, output } = await machine.run(script, blockWithinMs);
  if (code !== block.exit) throw new Error(`ended with ${code}, not ${block.exit}:\n${output}`);
  if (shows !== null && !isAsShown(shows, output)) throw new Error(`not as shown:\n${output}`);
  return output;
}

if (import.meta.main) {
  const page = resolve(process.argv[2] ?? join(import.meta.dirname, '../../docs/tutorial.md'));
  await runPage(page, (line) => process.stdout.write(`${line}\n`));
}
