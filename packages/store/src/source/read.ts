import { XylemError } from '@xylem/core';
import type { ObjectSource, SourceRequest } from './object-source.ts';

/** What `get` found, as pieces whose faults are coded errors. Throws E_OBJECT_MISSING, E_PARENT_STALE (retry elsewhere). */
export async function* readPieces(
  source: ObjectSource,
  path: string,
  request: SourceRequest = {},
): AsyncGenerator<Uint8Array, undefined> {
  const answer = await source.get(path, request);
  if (answer.status !== 'found') {
    throw new XylemError('E_OBJECT_MISSING', `${source.name} has no ${path}.`, { details: { path } });
  }
  try {
    yield* answer.body as AsyncIterable<Uint8Array>;
  } catch (cause) {
    request.signal?.throwIfAborted();
    if (cause instanceof XylemError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new XylemError('E_PARENT_STALE', `${source.name} broke off ${path}: ${reason}.`, { cause });
  } finally {
    answer.body.destroy();
  }
  return undefined;
}

/** A whole file of at most `maxBytes`. Throws E_TOO_LARGE beside what `readPieces` throws. */
export async function readWhole(
  source: ObjectSource,
  path: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of readPieces(source, path, signal === undefined ? {} : { signal })) {
    total += piece.length;
    if (total > maxBytes) {
      throw new XylemError('E_TOO_LARGE', `${path} of ${source.name} has more than ${maxBytes} bytes.`, {
        retry: 'elsewhere',
        details: { path },
      });
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces, total);
}
