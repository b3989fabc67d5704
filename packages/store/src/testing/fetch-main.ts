// For kill.test.ts, by-patch.test.ts and memory.test.ts: fetches one tree in a process of its own, by a patch where a seed
// is given; prints how much is in place, and at the end what it fetched and the most memory that it took.
import { readFileSync, writeSync } from 'node:fs';
import type { Digest } from '@xylem/core';
import { createHttpClient } from '@xylem/platform';
import { fetchTree } from '../fetch/fetch-tree.ts';
import { httpSource } from '../source/http-source.ts';
import { testDomain } from './fixture.ts';

const [url = '', tree = '', into = '', seed] = process.argv.slice(2);
const client = createHttpClient();
const beforeMb = process.memoryUsage.rss() / 2 ** 20;
const fetched = await fetchTree({
  source: httpSource(client, url),
  domain: testDomain,
  tree: tree as Digest,
  into,
  ...(seed === undefined ? {} : { seeds: [{ folder: seed }], patches: 'ask' }),
  onProgress: (doneBytes) => writeSync(1, `done ${doneBytes}\n`),
});
// Not by `resourceUsage`: that begins with what the process had that started this one.
const peakKb = Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
writeSync(1, `fetched ${JSON.stringify({ ...fetched, addedRssMb: peakKb / 1024 - beforeMb })}\n`);
client.close();
