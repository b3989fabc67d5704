/** One member of an archive as dpkg-deb writes them. */
export interface TarEntry {
  /** As it stands in the archive. */
  readonly path: string;
  readonly type: 'file' | 'hard link' | 'link' | 'folder' | 'other';
  readonly mode: number;
  /** Of a link: where it leads. */
  readonly target: string;
  /** To be read to its end before the next member. */
  readonly content: AsyncIterable<Buffer>;
}

const blockBytes = 512;
/** Longer names are no names. */
const mostNameBytes = 64 * 1024;
const types: Readonly<Record<string, TarEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hard link',
  '2': 'link',
  '5': 'folder',
};

/** Reads a tar archive of the forms that dpkg takes: ustar, and GNU's with long names. @throws Error where it is none */
export async function* readTar(output: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const source = byteSource(output);
  let [longPath, longTarget]: (string | null)[] = [null, null];
  for (;;) {
    const header = await source.exactly(blockBytes);
    if (header === null || header.every((byte) => byte === 0)) return;
    const sizeBytes = numberAt(header, 124, 12);
    const padding = (blockBytes - (sizeBytes % blockBytes)) % blockBytes;
    const flag = textAt(header, 156, 1) || '\0';
    if (flag === 'L' || flag === 'K') {
      if (sizeBytes > mostNameBytes) throw new Error('a name that is too long');
      const name = (await source.exactly(sizeBytes))?.toString('utf8').replace(/\0.*$/s, '') ?? '';
      await source.exactly(padding);
      if (flag === 'L') longPath = name;
      else longTarget = name;
      continue;
    }
    const isUstar = header.toString('latin1', 257, 263) === 'ustar\0';
    const prefix = isUstar ? textAt(header, 345, 155) : '';
    const short = textAt(header, 0, 100);
    const content = source.next(sizeBytes);
    yield {
      path: longPath ?? (prefix === '' ? short : `${prefix}/${short}`),
      type: types[flag] ?? 'other',
      mode: numberAt(header, 100, 8),
      target: longTarget ?? textAt(header, 157, 100),
      content,
    };
    for await (const _piece of content);
    await source.exactly(padding);
    [longPath, longTarget] = [null, null];
  }
}

function textAt(block: Buffer, start: number, bytes: number): string {
  return block
    .subarray(start, start + bytes)
    .toString('utf8')
    .replace(/\0.*$/s, '');
}

/** In octal digits, or where they do not suffice as GNU writes it: the first bit set, then the number itself. */
function numberAt(block: Buffer, start: number, bytes: number): number {
  const field = block.subarray(start, start + bytes);
  const number =
    (field[0] ?? 0) >= 0x80
      ? Number(BigInt(`0x${field.subarray(1).toString('hex')}`))
      : Number.parseInt(field.toString('latin1').replaceAll('\0', ' ').trim() || '0', 8);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error('a number that is none');
  return number;
}

interface ByteSource {
  /** Null at the very end. @throws Error when it ends within */
  exactly(bytes: number): Promise<Buffer | null>;
  /** The next so many, in pieces, once. */
  next(bytes: number): AsyncIterable<Buffer>;
}

function byteSource(output: AsyncIterable<Buffer>): ByteSource {
  const pieces = output[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  /** At most so many, at least one; null at the end. */
  const some = async (most: number): Promise<Buffer | null> => {
    while (held.length === 0) {
      const { done, value } = await pieces.next();
      if (done === true) return null;
      held = value;
    }
    const piece = held.subarray(0, most);
    held = held.subarray(piece.length);
    return piece;
  };
  async function* next(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      const piece = await some(left);
      if (piece === null) throw new Error('it ends too early');
      left -= piece.length;
      yield piece;
    }
  }
  return {
    next,
    exactly: async (bytes) => {
      if (bytes === 0) return Buffer.alloc(0);
      const first = await some(bytes);
      if (first === null) return null;
      const all = [first];
      for await (const piece of next(bytes - first.length)) all.push(piece);
      return Buffer.concat(all);
    },
  };
}
