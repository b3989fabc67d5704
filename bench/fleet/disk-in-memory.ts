// The disk of hosts in the fleet bench lies in memory (TMPDIR=/dev/shm), where a call of the file system takes a
// microsecond. What Node's thread pool adds to each, waking a thread and the main thread again, is more than the call
// itself, and ten thousand hosts on ten thousand machines would not queue for one pool. So calls are made at once here.
import fs, { type PathLike, type Stats } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

type Call = (...args: never[]) => unknown;

/** As the `FileHandle` of `node:fs/promises`, in what the agent uses of it. Nothing is synced. */
class HandleInMemory {
  readonly fd: number;
  #isOpen = true;

  constructor(fd: number) {
    this.fd = fd;
  }

  async read(buffer: Uint8Array, offset?: number, length?: number, position?: number | null) {
    const from = offset ?? 0;
    const bytesRead = fs.readSync(
      this.fd,
      buffer,
      from,
      length ?? buffer.byteLength - from,
      position ?? null,
    );
    return { bytesRead, buffer };
  }

  async write(data: Uint8Array | string, offset?: number, length?: number, position?: number | null) {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const from = typeof data === 'string' ? 0 : (offset ?? 0);
    const at = typeof data === 'string' ? (offset ?? null) : (position ?? null);
    const upTo = typeof data === 'string' ? bytes.byteLength : (length ?? bytes.byteLength - from);
    return { bytesWritten: fs.writeSync(this.fd, bytes, from, upTo, at), buffer: data };
  }

  async writev(buffers: readonly Uint8Array[], position?: number) {
    return { bytesWritten: fs.writevSync(this.fd, buffers, position), buffers };
  }

  async writeFile(data: Uint8Array | string): Promise<void> {
    fs.writeFileSync(this.fd, data);
  }

  async appendFile(data: Uint8Array | string): Promise<void> {
    fs.appendFileSync(this.fd, data);
  }

  async readFile(options: BufferEncoding | null = null) {
    return fs.readFileSync(this.fd, { encoding: options });
  }

  async stat(): Promise<Stats> {
    return fs.fstatSync(this.fd);
  }

  async truncate(length?: number): Promise<void> {
    fs.ftruncateSync(this.fd, length);
  }

  async chmod(mode: number): Promise<void> {
    fs.fchmodSync(this.fd, mode);
  }

  async sync(): Promise<void> {}

  async datasync(): Promise<void> {}

  async close(): Promise<void> {
    if (this.#isOpen) fs.closeSync(this.fd);
    this.#isOpen = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const atOnce = [
  'access',
  'lstat',
  'mkdir',
  'readdir',
  'readFile',
  'readlink',
  'rename',
  'rm',
  'rmdir',
  'stat',
  'statfs',
  'symlink',
  'unlink',
  'utimes',
  'writeFile',
] as const;

/** That a file is not there costs no more than it does from the pool, whose errors have no stack. */
function withoutStack<T>(call: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return call();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** From now on this process makes the calls of `node:fs/promises` at once, and syncs nothing. */
export function keepDiskInMemory(): void {
  const promises = fs.promises as unknown as Record<string, Call>;
  for (const name of atOnce) {
    const call = fs[`${name}Sync`] as Call;
    promises[name] = async (...args) => withoutStack(() => call(...args));
  }
  const open = async (path: PathLike, flags?: string | number, mode?: number) =>
    new HandleInMemory(withoutStack(() => fs.openSync(path, flags ?? 'r', mode)));
  promises['open'] = open;
  syncBuiltinESMExports();
}
