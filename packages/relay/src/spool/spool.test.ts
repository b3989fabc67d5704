import assert from 'node:assert/strict';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostId } from '@xylem/core';
import { tempFolder } from '@xylem/testkit';
import fc from 'fast-check';
import { covers, type ReportNumber, supersedes } from './fold.ts';
import { LogFile } from './log-file.ts';

const number = fc.record({
  host: fc.constant('a'.repeat(32) as HostId),
  incarnation: fc.constantFrom('0'.repeat(16), '1'.repeat(16)),
  sequence: fc.integer({ min: 1, max: 5 }),
});

test('folding keeps the highest of the incarnation that spoke last, whatever is repeated', () => {
  fc.assert(
    fc.property(fc.array(number, { minLength: 1 }), (arrivals) => {
      let kept: ReportNumber | undefined;
      for (const report of arrivals) if (supersedes(report, kept)) kept = report;
      const last = arrivals.at(-1);
      assert.equal(kept?.incarnation, last?.incarnation);
      assert.ok((kept?.sequence ?? 0) >= (last?.sequence ?? 0));
      assert.equal(supersedes(kept as ReportNumber, kept), false);
      assert.equal(covers(kept, last as ReportNumber), true);
    }),
  );
});

test('the log gives back what was appended, passes over a torn line, and shrinks by rewriting', async (t) => {
  const folder = await tempFolder(t, 'spool');
  const read = async (): Promise<{ log: LogFile; lines: string[] }> => {
    const lines: string[] = [];
    const log = await LogFile.open(folder, (line) => lines.push(line));
    return { log, lines: lines.filter((line) => line !== '') };
  };
  const { log } = await read();
  await Promise.all(Array.from({ length: 100 }, (_, index) => log.append(`line ${index}`)));
  await log.close();
  const [name = ''] = await readdir(folder);
  await appendFile(join(folder, name), 'torn');
  const second = await read();
  assert.equal(second.lines.length, 101);
  const kept = ['kept'];
  const append = (line: string): Promise<void> => second.log.append(line, () => kept.push(line));
  await append('after that');
  await Promise.all([second.log.rewrite(() => kept), append('during')]);
  await second.log.append('after');
  await second.log.close();
  assert.deepEqual((await read()).lines.sort(), ['after', 'after that', 'during', 'kept']);
  assert.equal((await readdir(folder)).length, 1);
  assert.ok(!(await readFile(join(folder, (await readdir(folder))[0] ?? ''), 'utf8')).includes('torn'));
});
