// Makes a patch, or fetches a tree by one, in a process of its own, so that what that takes is seen:
// node patch-main.ts make OLD OLD_TEXT NEW NEW_TEXT PATCH | fetch OLD OLD_TEXT URL DOMAIN TREE INTO
import { readFile, writeFile } from 'node:fs/promises';
import { type Digest, type DomainId, parseTree, sha256, XylemError } from '@xylem/core';
import { createHttpClient } from '@xylem/platform';
import { fetchTree, httpSource, makePatch, OldTree } from '@xylem/store';

const [act = '', oldFolder = '', oldText = '', ...words] = process.argv.slice(2);
if (act === 'make') {
  const [newFolder = '', newText = '', file = ''] = words;
  const [oldBytes, newBytes] = [await readFile(oldText), await readFile(newText)];
  const old = new OldTree(oldFolder, parseTree(oldBytes));
  const next = new OldTree(newFolder, parseTree(newBytes));
  await writeFile(file, await makePatch({ old, next, from: sha256(oldBytes), to: sha256(newBytes) }));
  await next.close();
  await old.close();
} else if (act === 'fetch') {
  const [url, domain, tree, into] = words as [string, DomainId, Digest, string];
  const http = createHttpClient();
  const { patchedBytes } = await fetchTree({
    source: httpSource(http, url),
    domain,
    tree,
    into,
    seeds: [{ folder: oldFolder, treeFile: oldText }],
    share: 'link',
    patches: 'ask',
  });
  http.close();
  if (patchedBytes === 0) throw new XylemError('E_PATCH_INVALID', 'The tree came by chunks.');
} else throw new XylemError('E_INPUT', 'make or fetch');
