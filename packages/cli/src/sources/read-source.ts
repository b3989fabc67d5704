import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { XylemError } from '@xylem/core';
import { parseSourceYaml, type WatchedSource } from '@xylem/core/yaml';
import { folderOrigin } from './folder.ts';
import { gitOrigin } from './git.ts';
import { npmOrigin } from './npm.ts';
import { ociOrigin } from './oci.ts';
import type { Origin } from './origin.ts';

/** A source as its file describes it, with the file's folder, which paths in it start from. */
export interface Source {
  readonly file: string;
  readonly folder: string;
  readonly wanted: WatchedSource;
  readonly origin: Origin;
}

/** @throws XylemError E_INPUT naming file, line, key and what would be right */
export async function readSource(word: string, signal: AbortSignal): Promise<Source> {
  const file = resolve(word);
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new XylemError('E_INPUT', `${word} can't be read: ${cause.message}`, { cause });
  });
  const wanted = parseSourceYaml(text, word);
  const folder = dirname(file);
  return { file: word, folder, wanted, origin: originOf(wanted, folder, signal) };
}

function originOf({ origin }: WatchedSource, folder: string, signal: AbortSignal): Origin {
  switch (origin.kind) {
    case 'git':
      return gitOrigin(origin, signal);
    case 'npm':
      return npmOrigin(origin, signal);
    case 'oci':
      return ociOrigin(origin, signal);
    case 'folder':
      return folderOrigin(origin, folder);
  }
}
