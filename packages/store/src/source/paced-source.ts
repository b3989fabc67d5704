import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import type { Turns } from '@xylem/platform/serving';
import type { ObjectSource } from './object-source.ts';

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
      return { ...answer, isPaced: true, body: pacedBody(answer.body, turns) };
    },
  };
}

function pacedBody(body: Readable, turns: Turns): Readable {
  const over = new AbortController();
  const pass = async (chunk: Buffer, paced: Transform, done: TransformCallback): Promise<void> => {
    try {
      for (let at = 0; at < chunk.length; ) {
        const bytes = await turns.take(chunk.length - at, over.signal);
        paced.push(chunk.subarray(at, at + bytes));
        at += bytes;
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
      done(error);
    },
  });
  // Ends both when either breaks; the fault of the body becomes that of what is read.
  return pipeline(body, paced, () => undefined);
}
