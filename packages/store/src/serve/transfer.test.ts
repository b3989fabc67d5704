import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { appendFile, truncate, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { noise, temporaryFolder } from '../testing/folder.ts';
import { blockBytes, openFile } from './open-file.ts';
import { mostWaitingBytes, Transfers } from './transfer.ts';

/** An asker that takes nothing until it is told to. */
class SlowAsker extends EventEmitter {
  destroyed = false;
  readonly pieces: Buffer[] = [];
  #onEnd: () => void = () => undefined;
  readonly ended = new Promise<void>((resolve) => {
    this.#onEnd = resolve;
  });

  #onPiece: () => void = () => undefined;
  /** It was given a first piece. */
  readonly given = new Promise<void>((resolve) => {
    this.#onPiece = resolve;
  });

  write(piece: Buffer): boolean {
    this.pieces.push(piece);
    this.#onPiece();
    return false;
  }

  end(): void {
    this.#onEnd();
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

const asResponse = (asker: SlowAsker): ServerResponse => asker as unknown as ServerResponse;

test('a thousand askers that take nothing hold a bounded part of memory, and leave it when they go', async (t) => {
  const path = join(await temporaryFolder(t), 'large');
  const askers = Array.from({ length: 1_000 }, () => new SlowAsker());
  const emptyBytes = askers.length * blockBytes;
  const tail = noise('slow', 600_000);
  // What was never written takes no disk.
  await writeFile(path, '');
  await truncate(path, emptyBytes);
  await appendFile(path, tail);
  const file = await openFile(path, () => undefined);
  const size = emptyBytes + tail.length;
  const transfers = new Transfers();
  const sent: Promise<void>[] = [];
  for (const [i, asker] of askers.entries()) {
    sent.push(transfers.send(file, i * blockBytes, size, asResponse(asker)));
    // One after the other: each finds what those before hold.
    await asker.given;
  }
  assert.ok(transfers.waitingBytes >= mostWaitingBytes);
  assert.ok(transfers.waitingBytes < mostWaitingBytes + askers.length * 16 * 1024 + blockBytes);

  const last = new SlowAsker();
  const served = transfers.send(file, emptyBytes, size, asResponse(last));
  const taking = setInterval(() => last.emit('drain'), 0);
  await last.ended;
  clearInterval(taking);
  await served;
  assert.deepEqual(Buffer.concat(last.pieces), tail);

  for (const asker of askers) asker.destroy();
  await Promise.all(sent);
  assert.equal(transfers.waitingBytes, 0);
  await file.leave();
});

test('askers who are near each other hold the same bytes', async (t) => {
  const path = join(await temporaryFolder(t), 'large');
  await writeFile(path, noise('near', 2 * blockBytes));
  const file = await openFile(path, () => undefined);
  const transfers = new Transfers();
  const askers = Array.from({ length: 100 }, () => new SlowAsker());
  const sent = askers.map((asker) => transfers.send(file, 0, 2 * blockBytes, asResponse(asker)));
  await Promise.all(askers.map(({ given }) => given));
  assert.equal(transfers.waitingBytes, blockBytes);
  for (const asker of askers) asker.destroy();
  await Promise.all(sent);
  await file.leave();
});
