import { on, once } from 'node:events';
import type { ReadEntry } from 'tar';

/** One member of an archive. */
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

const types: Readonly<Partial<Record<ReadEntry['type'], TarEntry['type']>>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Link: 'hard link',
  SymbolicLink: 'link',
  Directory: 'folder',
};

/** Reads a tar archive, one member after the other. @throws Error where it is none, or breaks off */
export async function* readTar(output: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  // Only who adopts needs it.
  const { Parser } = await import('tar');
  const parser = new Parser({ strict: true });
  // The first one ends the loop below; there may be more.
  parser.on('error', () => undefined);
  const members = on(parser, 'entry', { close: ['end'] }) as AsyncIterable<[ReadEntry]>;
  const fed = (async () => {
    try {
      for await (const piece of output) if (!parser.write(piece)) await once(parser, 'drain');
      parser.end();
    } catch (cause) {
      parser.emit('error', cause);
    }
  })();
  for await (const [entry] of members) {
    yield {
      path: entry.path,
      type: types[entry.type] ?? 'other',
      mode: entry.mode ?? 0,
      target: entry.linkpath ?? '',
      content: entry,
    };
    entry.resume();
  }
  await fed;
}
