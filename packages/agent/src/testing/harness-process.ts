import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Digest, isDigest } from '@xylem/core';
import { updateFiles } from '../update/files.ts';
import type { AgentProcess } from '../update/process.ts';

const run = promisify(execFile);

/**
 * A process of which passes in tests are part: it is never replaced. To hand over is to run the other version once, as
 * the launcher would, and to be it from then on if that goes well.
 */
export function harnessProcess(stateFolder: string): AgentProcess {
  const files = updateFiles(stateFolder);
  return {
    tree: () => treeIn(join(files.folder, 'confirmed')),
    isLaunched: true,
    isOnTrial: false,
    hasReported: () => true,
    failed: files.failed,
    handOver: async (trial) => {
      await files.writeTrial(trial);
      const { executable, what, attempt } = trial;
      try {
        if (executable !== 'base') await run(executable, ['agent', 'run']);
        await files.writeConfirmed(executable);
      } catch {
        writeFileSync(
          join(files.folder, 'failed'),
          `${what}.${attempt} exited it ended with 1\nits output\n`,
        );
      }
    },
  };
}

function treeIn(path: string): Digest | null {
  try {
    const found = /\/trees\/([0-9a-f]{64})\//.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
    return isDigest(found) ? found : null;
  } catch {
    return null;
  }
}
