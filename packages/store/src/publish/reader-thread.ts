import { parentPort } from 'node:worker_threads';
import { XylemError } from '@xylem/core';
import { hashWhole, readBatch } from './read-batch.ts';
import type { ReaderAnswer, ReaderQuestion } from './readers.ts';

/** Reads and hashes files for a publication: what a thread of `readerThreads` runs. */
export function serveReader(): void {
  const port = parentPort;
  if (port === null) throw new Error('A reader runs in a thread of its own.');
  port.on('message', (question: ReaderQuestion) => {
    const answer = answerOf(question);
    port.postMessage(answer, answer.kind === 'batch' ? [answer.read.bytes.buffer] : []);
  });
}

function answerOf(question: ReaderQuestion): ReaderAnswer {
  const { id } = question;
  try {
    return question.kind === 'batch'
      ? { id, kind: 'batch', read: readBatch(question.files) }
      : { id, kind: 'whole', digest: hashWhole(question.file) };
  } catch (error) {
    if (error instanceof XylemError) {
      const { code, message, details } = error;
      return { id, kind: 'fault', code, message, details };
    }
    return { id, kind: 'fault', code: 'E_INTERNAL', message: String(error), details: {} };
  }
}
