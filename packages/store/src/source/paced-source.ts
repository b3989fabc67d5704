import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import { Allowance, type Turns } from '@xylem/platform/serving';
import type { ObjectSource, SourceRequest } from './object-source.ts';

/** A source that is read no faster than its link may carry. `turnsOf` is asked for each answer; null: as it comes. */
export function pacedSource(
  source: ObjectSource,
  turnsOf: (isBackground: boolean) => Turns | null,
): ObjectSource {
  return {
    name: source.name,
    get: async (path, request = {}) => {
      const answer = await source.get(path, request);
      const turns = answer.status === 'found' ? turnsOf(request.isBackground === true) : null;
      if (answer.status !== 'found' || turns === null) return answer;
      return {
        ...answer,
        isPaced: true,
        body: pacedBody(answer.body, turns, bytesOf(request, answer.totalBytes)),
      };
    },
  };
}

function bytesOf(
  { offset = 0, length = Number.MAX_SAFE_INTEGER }: SourceRequest,
  total: number | undefined,
): number {
  return Math.min(length, (total ?? Number.MAX_SAFE_INTEGER) - offset);
}

/** @param size bytes of the body as its source says, no less than come where it lies */
function pacedBody(body: Readable, turns: Turns, size: number): Readable {
  const over = new AbortController();
  const allowance = new Allowance(turns, over.signal);
  let passed = 0;
  const pass = async (chunk: Buffer, paced: Transform, done: TransformCallback): Promise<void> => {
    try {
      for (let at = 0; at < chunk.length; ) {
        const here = chunk.length - at;
        const bytes = await allowance.take(here, Math.max(here, size - passed));
        paced.push(chunk.subarray(at, at + bytes));
        at += bytes;
        passed += bytes;
      }
      done();
    } catch {
      // Nobody reads any more.
    }
  };
  const paced = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      void pass(chunk, this, done);
    },
    destroy(error, done) {
      over.abort();
      allowance.giveBack();
      done(error);
    },
  });
  // Ends both when either breaks; the fault of the body becomes that of what is read.
  return pipeline(body, paced, () => undefined);
}
