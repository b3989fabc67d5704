import { closeSync, openSync, writeSync } from 'node:fs';

/** A file of lines that may be larger than memory; what was there is written over. */
export function lineFile(path: string): { readonly add: (line: string) => void; readonly close: () => void } {
  const file = openSync(path, 'w');
  let waiting: string[] = [];
  let characters = 0;
  const flush = (): void => {
    for (const line of waiting) writeWhole(file, Buffer.from(`${line}\n`));
    waiting = [];
    characters = 0;
  };
  return {
    add: (line) => {
      waiting.push(line);
      characters += line.length;
      if (characters > 1_000_000) flush();
    },
    close: () => {
      flush();
      closeSync(file);
    },
  };
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
