import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Turns } from '@xylem/platform/serving';

/** So much in a round, where a link allows it: 40 MB/s. What is given is held in memory, no more. */
const mostAtOnce = 2 * 1024 * 1024;

type Read = (at: number, count: number) => Promise<Buffer>;

/**
 * Sends a part of a file as its link allows. What is not allowed yet is not read, and a child that does not read asks for
 * nothing. @throws what reading throws, and when the asker has gone
 */
export async function sendPaced(
  read: Read,
  { start, end }: { readonly start: number; readonly end: number },
  turns: Turns,
  response: ServerResponse,
): Promise<void> {
  const over = new AbortController();
  response.once('close', () => over.abort());
  // The head must not wait for the first turn.
  response.flushHeaders();
  await pipeline(piecesOf(read, start, end, turns, over.signal), response);
}

async function* piecesOf(
  read: Read,
  start: number,
  end: number,
  turns: Turns,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; ) {
    const piece = await read(at, await turns.take(Math.min(mostAtOnce, end - at), signal));
    at += piece.length;
    yield piece;
  }
}
