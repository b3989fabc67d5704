import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A disk of 2 MiB, or null with the test skipped where none can be mounted. */
export async function smallDisk(t: TestContext): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', folder], { stdio: 'pipe' });
  } catch (error) {
    rmdirSync(folder);
    t.skip(`no small disk can be mounted: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
  t.after(() => {
    execFileSync('umount', [folder]);
    rmdirSync(folder);
  });
  return folder;
}
