import { join } from 'node:path';
import { type Chunk, type Digest, limits } from '@xylem/core';
import { encodeFrame } from './frame.ts';
import type { PackInfo } from './layout.ts';
import { PackFileWriter } from './pack-file-writer.ts';
import { FrameCompressor } from './zstd.ts';

export interface PackWriterOptions {
  /** Packs are written here as `0`, `1`, … and are the receiver's from `onPack` on. */
  readonly folder: string;
  readonly level?: number;
  /** Called with one pack after the other; the next is compressed meanwhile. */
  readonly onPack: (pack: PackInfo & { readonly file: string }) => Promise<void>;
}

/** What compressing a frame needs; used again and again. */
interface Slot {
  readonly buffer: Buffer;
  readonly compressor: FrameCompressor;
}

interface OpenFrame {
  readonly slot: Slot;
  length: number;
  chunks: Chunk[];
}

/** Some wait to be written while others are compressed: so the thread pool is never without one. */
const framesInFlight = 6;

/**
 * Turns chunks into packs: frames of at most 1 MiB, several of them compressed at the same time, written in the order
 * of their chunks. Memory is the frames in flight, whatever comes.
 */
export class PackWriter {
  readonly #options: PackWriterOptions;
  readonly #free: Slot[] = [];
  readonly #slots: Slot[] = [];
  #frame: OpenFrame | undefined;
  /** Frames on the way, oldest first; each settles when it is in its pack. */
  readonly #inFlight: Promise<void>[] = [];
  #written: Promise<void> = Promise.resolve();
  #pack: PackFileWriter | undefined;
  #packs = 0;
  #handing: Promise<void> = Promise.resolve();

  constructor(options: PackWriterOptions) {
    this.#options = options;
  }

  /** Copies the chunk's bytes. Resolves when there is room for more. Throws what compressing, writing or `onPack` threw. */
  async add(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (this.#frame !== undefined && this.#frame.length + bytes.length > limits.frameContent)
      await this.#flush();
    this.#frame ??= {
      slot: this.#free.pop() ?? this.#newSlot(),
      length: 0,
      chunks: [],
    };
    this.#frame.slot.buffer.set(bytes, this.#frame.length);
    this.#frame.length += bytes.length;
    this.#frame.chunks.push([digest, bytes.length]);
  }

  /** Closes the last pack. Resolves when all packs have been taken. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#written;
    await this.#closePack();
    await this.#handing;
    this.#closeSlots();
  }

  /** Lets go of what is open after an error. */
  async abort(): Promise<void> {
    await Promise.allSettled([...this.#inFlight, this.#handing]);
    await this.#pack?.close().catch(() => undefined);
    this.#closeSlots();
  }

  #newSlot(): Slot {
    const slot = {
      buffer: Buffer.allocUnsafeSlow(limits.frameContent),
      compressor: new FrameCompressor(this.#options.level),
    };
    this.#slots.push(slot);
    return slot;
  }

  #closeSlots(): void {
    for (const { compressor } of this.#slots) compressor.close();
  }

  async #flush(): Promise<void> {
    const frame = this.#frame;
    if (frame === undefined) return;
    this.#frame = undefined;
    const content = frame.slot.buffer.subarray(0, frame.length);
    const encoded = encodeFrame(content, frame.slot.compressor);
    const before = this.#written;
    const write = async (): Promise<void> => {
      const [tag, payload] = await encoded;
      await before;
      this.#pack ??= await PackFileWriter.create(join(this.#options.folder, String(this.#packs++)));
      await this.#pack.append(tag, payload, frame.length, frame.chunks);
      this.#free.push(frame.slot);
      if (this.#pack.framesBytes >= limits.packFrames) await this.#closePack();
    };
    this.#written = write();
    // Seen by whoever awaits it below; until then it must not count as unhandled.
    this.#written.catch(() => undefined);
    this.#inFlight.push(this.#written);
    if (this.#inFlight.length >= framesInFlight) await this.#inFlight.shift();
  }

  async #closePack(): Promise<void> {
    const pack = this.#pack;
    if (pack === undefined) return;
    this.#pack = undefined;
    const info = await pack.finish();
    // One is handed over while the next is written; a third waits.
    await this.#handing;
    this.#handing = this.#options.onPack({ ...info, file: pack.file });
    this.#handing.catch(() => undefined);
  }
}
