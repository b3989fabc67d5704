import { createHash } from 'node:crypto';
import { type Digest, XylemError } from '@xylem/core';
import { stepBack } from '@xylem/platform';
import { lookIntoRepository, patchBetween, writePieces } from '@xylem/store';
import type { MakerAnswer, MakerJob } from './job.ts';
import { peakRssMb } from './peak.ts';

/**
 * Makes one patch in a process of its own, after all others in line for processors, and first to go where memory runs
 * out. It ends with its standard input: with the root server, however that ends.
 */
export async function runPatchMaker(words: readonly string[]): Promise<void> {
  const over = new AbortController();
  process.stdin.on('close', () => over.abort()).resume();
  process.stdin.unref?.();
  await stepBack();
  const answer = await make(JSON.parse(words[0] ?? '') as MakerJob, over.signal);
  if (over.signal.aborted) process.exitCode = 1;
  else process.stdout.write(`${JSON.stringify(answer)}\n`);
}

async function make(job: MakerJob, signal: AbortSignal): Promise<MakerAnswer> {
  const { domain, from, to, folder, file, mostDeltaBytes } = job;
  try {
    const repository = lookIntoRepository(job.repository);
    const { pieces, madeBytes } = await patchBetween({
      repository,
      domain,
      from,
      to,
      folder,
      mostDeltaBytes,
      signal,
    });
    await writePieces(file, pieces);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for (const piece of pieces) {
      hash.update(piece);
      sizeBytes += piece.length;
    }
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    return {
      made: {
        digest: hash.digest('hex') as Digest,
        sizeBytes,
        madeBytes,
        cpuMs: Math.round((userCPUTime + systemCPUTime) / 1000),
        peakRssMb: await peakRssMb(),
      },
    };
  } catch (error) {
    const { code, message } =
      error instanceof XylemError
        ? error
        : new XylemError('E_INTERNAL', `No patch was made: ${String(error)}`);
    return { fault: { code, message } };
  }
}
