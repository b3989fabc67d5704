import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { fullDisk, tempFolder } from '@xylem/testkit';
import { type RootHere, rootHere } from '../../testing/root-here.ts';
import { runHere } from '../../testing/run-here.ts';

const changes = 6;

async function withHistory(t: TestContext): Promise<RootHere> {
  const root = await rootHere(t);
  for (let n = 1; n <= changes; n += 1) {
    const { code, stderr } = await root.xylem(['env', 'create', `place-${n}`]);
    assert.equal(code, 0, stderr);
  }
  return root;
}

/** As whoever owns the database can: without the triggers that refuse. */
function tamper(root: RootHere, ...statements: string[]): void {
  using database = new DatabaseSync(join(root.folder, 'root.db'));
  database.exec('drop trigger if exists audit_no_update; drop trigger if exists audit_no_delete;');
  for (const statement of statements) database.exec(statement);
}

test('says who did what from where, by filters', async (t) => {
  const root = await withHistory(t);
  const { stdout } = await root.xylem(['audit', 'list', '--what', 'environment', '--limit', '2']);
  assert.equal(stdout.trim().split('\n').length, 3);
  assert.match(stdout, /127\.0\.0\.1 +environment\.create/);
  const { entries } = JSON.parse(
    (await root.xylem(['audit', 'list', '--env', 'place-2', '--json'])).stdout,
  ) as { entries: { who: string; after: { name: string } }[] };
  assert.deepEqual(
    entries.map(({ after }) => after.name),
    ['default/place-2'],
  );
  assert.match(entries[0]?.who ?? '', /^api-token\/[0-9a-f]{16} \(operator\)$/);
  assert.match((await root.xylem(['audit', 'list', '--since', '2999-01-01'])).stdout, /No such entry/);
  assert.equal((await root.xylem(['audit', 'list', '--since', 'yesterday'])).code, 2);
});

test('finds in an export every line that was changed, removed, moved or cut off', async (t) => {
  const root = await withHistory(t);
  const folder = await tempFolder(t, 'export');
  const file = join(folder, 'audit.jsonl');
  assert.equal((await root.xylem(['audit', 'export', file])).code, 0);
  assert.equal((await root.xylem(['audit', 'export', file])).code, 5);
  const whole = await root.xylem(['audit', 'verify', file]);
  assert.equal(whole.code, 0, whole.stderr);
  assert.match(whole.stdout, /known from this file alone/);
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const verify = async (name: string, changed: readonly string[]) => {
    const path = join(folder, name);
    await writeFile(path, `${changed.join('\n')}\n`);
    return await root.xylem(['audit', 'verify', path, '--json']);
  };
  for (const index of lines.keys()) {
    const line = lines[index] ?? '';
    const attempts: Record<string, readonly string[]> = {
      removed: lines.toSpliced(index, 1),
      doubled: lines.toSpliced(index, 0, line),
      changed: lines.with(index, line.replace('place', 'palce').replace(/"(hash|payload)":"./, '"$1":"_')),
      cut: lines.slice(0, index),
      half: [...lines.slice(0, index), line.slice(0, -20)],
    };
    if (index + 1 < lines.length)
      attempts['moved'] = lines.with(index, lines[index + 1] ?? '').with(index + 1, line);
    for (const [name, changed] of Object.entries(attempts)) {
      // The entries between prove themselves, and the last checkpoint stands in the first line, too.
      const isSpare = line.startsWith('{"checkpoint"') && (name === 'removed' || name === 'doubled');
      const isAfterAll = index === lines.length - 1 && name === 'cut';
      const said = await verify(name, changed);
      assert.equal(said.code === 0, isSpare || isAfterAll, `line ${index} ${name}`);
    }
  }
  const without = lines.filter((line) => !line.includes('"sequence":3,'));
  const third = await verify('third', without);
  assert.match(third.stderr, /Entry 3 is missing/);
});

test('finds what was changed in the database, and what was cut off since it was verified', async (t) => {
  const root = await withHistory(t);
  const before = await root.xylem(['audit', 'verify']);
  assert.equal(before.code, 0, before.stderr);
  const file = join(await tempFolder(t, 'export'), 'audit.jsonl');
  await root.xylem(['audit', 'export', file]);
  assert.doesNotMatch((await root.xylem(['audit', 'verify', file])).stdout, /from this file alone/);

  tamper(root, "update audit set who = 'nobody' where sequence = 4");
  const changed = await root.xylem(['audit', 'verify']);
  assert.equal(changed.code, 7);
  assert.match(changed.stderr, /E_AUDIT_BROKEN[\s\S]*Entry 4 was changed/);

  tamper(
    root,
    'drop trigger if exists audit_checkpoints_no_delete',
    'delete from audit where sequence > 3',
    'delete from audit_checkpoints',
    'update audit_head set sequence = 3, hash = (select hash from audit where sequence = 3)',
  );
  const cut = await root.xylem(['audit', 'verify']);
  assert.equal(cut.code, 7);
  assert.match(cut.stderr, /ends at entry 3; it had/);
  const anew = await root.xylem(['audit', 'verify', '--anew']);
  assert.equal(anew.code, 0, anew.stderr);
});

test('an export by a filter verifies entry by entry and says what it is', async (t) => {
  const root = await withHistory(t);
  const file = join(await tempFolder(t, 'export'), 'audit.jsonl');
  assert.equal((await root.xylem(['audit', 'export', file, '--env', 'place-3'])).code, 0);
  const { code, stdout } = await root.xylem(['audit', 'verify', file]);
  assert.equal(code, 0);
  assert.match(stdout, /is a selection/);
  await writeFile(file, (await readFile(file, 'utf8')).replace('default/place-3', 'default/place-4'));
  assert.equal((await root.xylem(['audit', 'verify', file])).code, 7);
});

test('a file without line ends is refused before it fills the memory', { timeout: 60_000 }, async () => {
  const { code, stderr } = await runHere(['audit', 'verify', '/dev/zero']);
  assert.match(stderr, /E_TOO_LARGE: Line 1 of \/dev\/zero is longer/);
  assert.equal(code, 2);
});

test('an export that the disk does not hold is said, and does not stay', async (t) => {
  const disk = await fullDisk(t, 2 ** 20);
  if ('skip' in disk) return t.skip(disk.skip);
  const root = await withHistory(t);
  const whole = join(root.home, 'whole.jsonl');
  assert.equal((await root.xylem(['audit', 'export', whole])).code, 0);
  // The last page of the file system takes the header and not all entries.
  assert.ok((await readFile(whole)).length > 4096);
  await disk.fill(4096);
  const said = await root.xylem(['audit', 'export', join(disk.folder, 'audit.jsonl')]);
  assert.equal(said.code, 8, `${said.stdout}${said.stderr}`);
  assert.match(said.stderr, /E_DISK_FULL/);
  assert.deepEqual(await readdir(disk.folder), ['.filler']);
});
