import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const undoing = new WeakMap<TestContext, (() => unknown)[]>();

/** Runs after the test, the last registered first: what lives in a folder ends before the folder goes. */
export function cleanUp(test: TestContext, undo: () => unknown): void {
  const known = undoing.get(test);
  if (known !== undefined) {
    known.push(undo);
    return;
  }
  const stack = [undo];
  undoing.set(test, stack);
  test.after(async () => {
    for (let last = stack.pop(); last !== undefined; last = stack.pop()) await last();
  });
}

/** A folder of its own for a test, removed after it. */
export async function temporaryFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xylem-agent-'));
  cleanUp(test, () => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}
