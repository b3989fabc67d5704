import { readFile } from 'node:fs/promises';
import type { JobOrder } from '@xylem/core';
import { jobHost } from './job-bench.ts';
import type { TestPackage } from './packages.ts';

/** A runner of jobs as a process of its own: state folder, and a file that says what is there and what is ordered. */
const [stateFolder = '', givenPath = ''] = process.argv.slice(2);
const { placed, orders } = JSON.parse(await readFile(givenPath, 'utf8')) as {
  placed: TestPackage;
  orders: JobOrder[];
};
const { running } = await jobHost(stateFolder, placed, () => orders);
await running;
