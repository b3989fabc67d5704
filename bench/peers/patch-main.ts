// Makes a patch, or applies one to nothing but its proof, in a process of its own, so that what that takes is seen:
// node patch-main.ts make|apply OLD OLD_TEXT NEW NEW_TEXT PATCH
import { open, readFile, writeFile } from 'node:fs/promises';
import { parseTree, sha256, XylemError } from '@xylem/core';
import { applyPatch, makePatch, OldTree } from '@xylem/store';

const [act = '', oldFolder = '', oldText = '', newFolder = '', newText = '', file = ''] =
  process.argv.slice(2);
const [oldBytes, newBytes] = [await readFile(oldText), await readFile(newText)];
const old = new OldTree(oldFolder, parseTree(oldBytes));
const ends = { from: sha256(oldBytes), to: sha256(newBytes) };
if (act === 'make') {
  const next = new OldTree(newFolder, parseTree(newBytes));
  await writeFile(file, await makePatch({ old, next, ...ends }));
  await next.close();
} else if (act === 'apply') {
  const patch = await open(file);
  const read = async (bytes: number): Promise<Uint8Array> => {
    const { buffer, bytesRead } = await patch.read(Buffer.allocUnsafe(bytes), 0, bytes, null);
    return buffer.subarray(0, bytesRead);
  };
  await applyPatch(read, ends, old, { prepare: async () => undefined, write: async () => undefined });
  await patch.close();
} else throw new XylemError('E_INPUT', 'make or apply');
await old.close();
