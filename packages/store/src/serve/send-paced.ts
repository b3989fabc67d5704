import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Allowance, type Turns } from '@xylem/platform/serving';

const pieceBytes = 256 * 1024;

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
  const allowance = new Allowance(turns, over.signal);
  try {
    await pipeline(piecesOf(read, start, end, allowance), response);
  } finally {
    allowance.giveBack();
  }
}

async function* piecesOf(
  read: Read,
  start: number,
  end: number,
  allowance: Allowance,
): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; ) {
    const piece = await read(at, await allowance.take(Math.min(pieceBytes, end - at), end - at));
    at += piece.length;
    yield piece;
  }
}
