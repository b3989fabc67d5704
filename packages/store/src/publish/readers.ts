import type { Worker } from 'node:worker_threads';
import { type Digest, type ErrorCode, XylemError } from '@xylem/core';
import { type FileToRead, hashWhole, type ReadBatch, readBatch } from './read-batch.ts';

/** Who reads files for a publication. All throw as `readBatch`. */
export interface Readers {
  /** How many do so at the same time. */
  readonly count: number;
  batch(files: readonly FileToRead[]): Promise<ReadBatch>;
  /** The digest of a large file. */
  whole(file: FileToRead): Promise<Digest>;
  /** Ends them; what is asked and not answered yet is rejected. */
  close(): Promise<void>;
}

export type ReaderQuestion = { readonly id: number } & (
  | { readonly kind: 'batch'; readonly files: readonly FileToRead[] }
  | { readonly kind: 'whole'; readonly file: FileToRead }
);

export type ReaderAnswer = { readonly id: number } & (
  | { readonly kind: 'batch'; readonly read: ReadBatch }
  | { readonly kind: 'whole'; readonly digest: Digest }
  | {
      readonly kind: 'fault';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    }
);

/** In the thread of who asks: for a few files a thread of its own would take longer to start than to read. */
export const readHere: Readers = {
  count: 1,
  batch: async (files) => readBatch(files),
  whole: async (file) => hashWhole(file),
  close: async () => undefined,
};

interface Asked {
  readonly resolve: (answer: ReaderAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** @param start starts a thread that runs `serveReader` */
export function readerThreads(count: number, start: () => Worker): Readers {
  const threads = Array.from({ length: count }, () => new ReaderThread(start()));
  const ask = async (question: ReaderQuestion): Promise<ReaderAnswer> => {
    const freest = threads.reduce((best, one) => (one.busy < best.busy ? one : best));
    return await freest.ask(question);
  };
  let asked = 0;
  return {
    count,
    batch: async (files) => {
      const answer = await ask({ id: asked++, kind: 'batch', files });
      if (answer.kind !== 'batch') throw wrong();
      return answer.read;
    },
    whole: async (file) => {
      const answer = await ask({ id: asked++, kind: 'whole', file });
      if (answer.kind !== 'whole') throw wrong();
      return answer.digest;
    },
    close: async () => {
      await Promise.all(threads.map((one) => one.close()));
    },
  };
}

const wrong = (): Error => new XylemError('E_INTERNAL', 'A thread that reads files answered something else.');

class ReaderThread {
  readonly #worker: Worker;
  readonly #asked = new Map<number, Asked>();
  #ended: Error | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: ReaderAnswer) => this.#take(answer));
    worker.on('error', (cause: unknown) => this.#end(cause));
    worker.on('exit', () => this.#end(null));
  }

  get busy(): number {
    return this.#asked.size;
  }

  ask(question: ReaderQuestion): Promise<ReaderAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== null) {
        reject(this.#ended);
        return;
      }
      this.#asked.set(question.id, { resolve, reject });
      this.#worker.postMessage(question);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #take(answer: ReaderAnswer): void {
    const asked = this.#asked.get(answer.id);
    this.#asked.delete(answer.id);
    if (answer.kind !== 'fault') asked?.resolve(answer);
    else asked?.reject(new XylemError(answer.code, answer.message, { details: answer.details }));
  }

  #end(cause: unknown): void {
    this.#ended ??= new XylemError('E_INTERNAL', 'A thread that reads files has ended.', { cause });
    for (const { reject } of this.#asked.values()) reject(this.#ended);
    this.#asked.clear();
  }
}
