import { runForwarder } from '@xylem/agent/forwarder';
import { runBeside } from './process-frame.ts';

/** The process through which clients reach services that change their version without a gap. */
export async function forward(words: readonly string[]): Promise<void> {
  await runBeside('forwarder', words, runForwarder);
}
