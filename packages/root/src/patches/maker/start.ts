import { spawn } from 'node:child_process';
import { XylemError } from '@xylem/core';
import type { MadePatch, MakerAnswer, MakerJob } from './job.ts';

const mostSaidBytes = 64 * 1024;

/**
 * Has a patch made by another process, and waits.
 * @param command to which the job is added
 * @param signal ends it
 * @throws XylemError what it says; E_INTERNAL where it ends without a word; the signal's reason
 */
export async function startMaker(
  command: readonly string[],
  job: MakerJob,
  signal: AbortSignal,
): Promise<MadePatch> {
  signal.throwIfAborted();
  const [program = '', ...words] = command;
  const child = spawn(program, [...words, JSON.stringify(job)], { stdio: ['pipe', 'pipe', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  child.stdin.on('error', () => undefined);
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (said.out.length < mostSaidBytes) said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err = (said.err + text).slice(-mostSaidBytes);
  });
  try {
    const how = await new Promise<string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signalName) => resolve(signalName ?? String(code)));
    });
    signal.throwIfAborted();
    return madeIn(said.out, `${how}, and said last: ${said.err.trim().slice(-500)}`);
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

function madeIn(text: string, end: string): MadePatch {
  let answer: MakerAnswer;
  try {
    answer = JSON.parse(text) as MakerAnswer;
  } catch (cause) {
    throw new XylemError('E_INTERNAL', `The process that makes patches ended with ${end}`, { cause });
  }
  if ('made' in answer) return answer.made;
  throw new XylemError(answer.fault.code, answer.fault.message);
}
