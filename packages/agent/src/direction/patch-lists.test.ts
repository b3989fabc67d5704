import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DomainId,
  type EnvironmentId,
  encodePatchList,
  type NewsFile,
  type PatchList,
  sha256,
} from '@xylem/core';
import { patchListPath } from '@xylem/store';
import { patchLists } from './patch-lists.ts';

const domain = 'd'.repeat(32) as DomainId;
const tree = sha256('tree');
const list: PatchList = {
  format: 'xylem-patches-1',
  to: tree,
  patches: [[sha256('former'), sha256('patch'), 5, 10, 20]],
};
const news = (files: NewsFile['files']): NewsFile => ({
  format: 'xylem-news-file-1',
  environment: 'e'.repeat(32) as EnvironmentId,
  from: 1,
  to: 2,
  files,
  absent: [],
});

test('who was told by a news file which patches there are asks nobody, who was not asks', () => {
  const lists = patchLists();
  assert.equal(lists.of(domain, tree), 'ask');
  const text = Buffer.from(encodePatchList(list)).toString();
  lists.learn(news({ [patchListPath(domain, tree)]: text }));
  assert.deepEqual(lists.of(domain, tree), list);
  assert.equal(lists.of(domain, sha256('other')), 'none');
  lists.learn(news({}));
  assert.equal(lists.of(domain, tree), 'none');
  lists.learn(null);
  assert.equal(lists.of(domain, tree), 'ask');
});

test('a list that is none, or leads to another tree, is no list', () => {
  const lists = patchLists();
  const path = patchListPath(domain, tree);
  for (const text of ['', '{}', Buffer.from(encodePatchList({ ...list, to: sha256('other') })).toString()]) {
    lists.learn(news({ [path]: text }));
    assert.equal(lists.of(domain, tree), 'none');
  }
});
