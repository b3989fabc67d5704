import { constants } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import type { Digest } from '@xylem/core';
import type { Clock } from '@xylem/platform';
import { isAbsent, storageError } from '../repository/faults.ts';

const keepEveryMs = 1_000;
const nothing = Buffer.alloc(0);

/** Bytes of a pack from `offset` on. */
interface Stretch {
  readonly pack: Digest;
  readonly offset: number;
}

interface Held extends Stretch {
  readonly bytes: number;
}

const isSame = (a: Stretch | null, pack: Digest, offset: number): boolean =>
  a?.pack === pack && a.offset === offset;

const covers = (held: Held | null, pack: Digest, offset: number): boolean =>
  held?.pack === pack && held.offset <= offset && offset < held.offset + held.bytes;

/**
 * What came of a frame that is not whole yet, in a file beside the staged tree: who is cut off goes on inside of it
 * (docs/spec/objects.md, Resuming). It is nobody's word: whoever goes on with it checks the frame.
 */
export class KeptFrame {
  readonly #path: string;
  readonly #clock: Pick<Clock, 'monotonicMs'> | undefined;
  /** What the file holds; undefined: not looked yet. */
  #held: Held | null | undefined;
  #underWay: (Stretch & { sinceMs: number }) | null = null;

  /** Without a clock nothing is kept by the way, only what a transfer that breaks off had. */
  constructor(path: string, clock: Pick<Clock, 'monotonicMs'> | undefined) {
    this.#path = path;
    this.#clock = clock;
  }

  /** What is here of a pack from `offset` on, at most `most` bytes. */
  async read(pack: Digest, offset: number, most: number): Promise<Buffer> {
    if (this.#held !== undefined && !covers(this.#held, pack, offset)) return nothing;
    const file = await readFile(this.#path).catch((error: unknown) => {
      if (isAbsent(error)) return nothing;
      throw storageError(error, this.#path);
    });
    const end = file.indexOf('\n');
    const [, found, from] = /^([0-9a-f]{64}) (\d{1,15})$/.exec(file.toString('latin1', 0, end)) ?? [];
    if (found === undefined) {
      this.#held = null;
      return nothing;
    }
    const bytes = file.subarray(end + 1);
    this.#held = { pack: found as Digest, offset: Number(from), bytes: bytes.length };
    if (!covers(this.#held, pack, offset)) return nothing;
    const skip = offset - this.#held.offset;
    return bytes.subarray(skip, skip + most);
  }

  /** Keeps what came so far of a stretch that takes long. @throws XylemError E_DISK_FULL, E_STORAGE */
  async soon(pack: Digest, offset: number, bytes: Uint8Array): Promise<void> {
    if (this.#clock === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    if (this.#underWay === null || !isSame(this.#underWay, pack, offset)) {
      this.#underWay = { pack, offset, sinceMs: nowMs };
    } else if (nowMs - this.#underWay.sinceMs >= keepEveryMs) {
      await this.keep(pack, offset, bytes);
      this.#underWay.sinceMs = nowMs;
    }
  }

  /** Durable, in place of what was kept before. @throws XylemError E_DISK_FULL, E_STORAGE */
  async keep(pack: Digest, offset: number, bytes: Uint8Array): Promise<void> {
    const before = this.#held ?? null;
    const known =
      before !== null && isSame(before, pack, offset) && before.bytes <= bytes.length ? before : null;
    if (known?.bytes === bytes.length) return;
    const head = Buffer.from(`${pack} ${offset}\n`);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
    try {
      const handle = await open(this.#path, known === null ? flags | constants.O_TRUNC : flags, 0o600);
      try {
        this.#held = null;
        if (known === null) await handle.write(head, 0, head.length, 0);
        const from = known?.bytes ?? 0;
        for (let at = from; at < bytes.length; )
          at += (await handle.write(bytes, at, bytes.length - at, head.length + at)).bytesWritten;
        await handle.datasync();
      } finally {
        await handle.close();
      }
      this.#held = { pack, offset, bytes: bytes.length };
    } catch (error) {
      await this.clear();
      throw storageError(error, this.#path);
    }
  }

  /** Whether something of this stretch was kept: it took long. */
  holds(pack: Digest, offset: number): boolean {
    return isSame(this.#held ?? null, pack, offset);
  }

  async clear(): Promise<void> {
    this.#held = null;
    await rm(this.#path, { force: true });
  }
}
