// The specification is enough to read everything by: a reader in another language, written from docs/spec alone,
// agrees with what the programs wrote, and refuses what was changed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { installDebian, tempFolder } from '@xylem/testkit';

const reader = join(import.meta.dirname, 'reader.py');
const captured = join(import.meta.dirname, 'fixtures/v1');
const trust = join(import.meta.dirname, '../../packages/trust/fixtures/v1');
const core = join(import.meta.dirname, '../../packages/core/fixtures/v1');
const hostKey = '9c21e793e5d7a03c29ccef7385bfe5ba47e389c843b912d916c68887327856a8';
const collectorKey = '0d1dcd69c9bafab76c5a39149e12ffd66c97718305ac1eb82dcf6d4f3df98326';

interface Expected {
  readonly host: string;
  readonly now: string;
  readonly components: Readonly<Record<string, unknown>>;
}
const json = async <T>(path: string): Promise<T> => JSON.parse(await readFile(path, 'utf8')) as T;
const expected = await json<Expected>(join(captured, 'expected.json'));
const trustMap = await json<{ environment: string; products: Record<string, string> }>(
  join(captured, 'trust-map.json'),
);
const missing = await installDebian('python3', 'zstd');
const options = missing === null ? {} : { skip: missing.skip };

/** What the reader printed, or the sentence by which it refused. Anything else fails the test. */
function read(...args: string[]): Promise<{ answer?: unknown; refused?: string }> {
  return new Promise((resolve, reject) => {
    execFile('python3', ['-B', reader, ...args], { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error === null) resolve({ answer: JSON.parse(stdout) as unknown });
      else if (stderr.startsWith('refused: ')) resolve({ refused: stderr.trim() });
      else reject(new Error(stderr, { cause: error }));
    });
  });
}

const readHost = (folder = captured, now = expected.now): ReturnType<typeof read> =>
  read('host', join(folder, 'repository'), join(folder, 'trust-map.json'), expected.host, now);

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test('a host of a real root server should run what was published, byte for byte', options, async () => {
  const { answer, refused } = await readHost();
  assert.equal(refused, undefined);
  assert.deepEqual((answer as Expected).components, expected.components);
});

test('news files hold what the repository holds', options, async () => {
  const { answer, refused } = await read('news', join(captured, 'repository'), trustMap.environment);
  assert.equal(refused, undefined);
  assert.ok(Object.values(answer as Record<string, number>).some((count) => count > 1));
});

test('token, request and answer fit together', options, async (t) => {
  const token = (await readFile(join(trust, 'join/token.txt'), 'utf8')).trim();
  const [request, answer] = [join(trust, 'join/request.json'), join(trust, 'join/answer.json')];
  const joined = await read('token', token, request, answer);
  const { host } = await json<{ host: string }>(join(trust, 'identity/host.json'));
  assert.equal((joined.answer as { answer: { host: string } }).answer.host, host);

  const other = token.replace(/\.(.)([^.]*)\.([^.]*)$/, (_, first: string, rest: string, pin: string) =>
    ['', `${first === 'A' ? 'B' : 'A'}${rest}`, pin].join('.'),
  );
  assert.match((await read('token', other, request, answer)).refused ?? '', /request's MAC is wrong/);
  const changed = join(await tempFolder(t), 'answer.json');
  const document = await json<{ answer: string }>(answer);
  const body = Buffer.from(Buffer.from(document.answer, 'base64url').toString().replace('acme', 'evil'));
  await writeFile(changed, JSON.stringify({ ...document, answer: body.toString('base64url') }));
  assert.match((await read('token', token, request, changed)).refused ?? '', /answer's MAC is wrong/);
});

test('reports and watermarks are signed by whom they name', options, async (t) => {
  const report = await read('report', join(trust, 'report.json'), hostKey);
  assert.equal((report.answer as { format: string }).format, 'xylem-report-1');
  const watermark = await read('report', join(trust, 'watermark.json'), collectorKey);
  assert.equal((watermark.answer as { format: string }).format, 'xylem-watermark-1');
  assert.match(
    (await read('report', join(trust, 'report.json'), collectorKey)).refused ?? '',
    /nobody known/,
  );

  const changed = join(await tempFolder(t), 'report.json');
  const envelope = await json<{ payload: string }>(join(trust, 'report.json'));
  const payload = Buffer.from(envelope.payload, 'base64').toString().replace('"sequence":7', '"sequence":8');
  await writeFile(changed, JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString('base64') }));
  assert.match((await read('report', changed, hostKey)).refused ?? '', /nobody known/);
});

test(
  'one signature is over the watermarks of several hosts, each proven by its path alone',
  options,
  async (t) => {
    const file = join(trust, 'proofs.json');
    const { answer, refused } = await read('proofs', file, collectorKey);
    assert.equal(refused, undefined);
    const { joint, sequences } = answer as { joint: { count: number }; sequences: Record<string, number> };
    assert.deepEqual([joint.count, Object.keys(sequences).length], [9, 3]);

    const document = await json<{ proofs: readonly { path: string; sequence: number }[] }>(file);
    const changed = join(await tempFolder(t), 'proofs.json');
    const [first, ...others] = document.proofs;
    for (const change of [{ sequence: 8 }, { path: first?.path.slice(43) }]) {
      await writeFile(changed, JSON.stringify({ ...document, proofs: [...others, { ...first, ...change }] }));
      assert.match((await read('proofs', changed, collectorKey)).refused ?? '', /leads elsewhere|path/);
    }
  },
);

test('every document of core is canonical as the specification says', options, async () => {
  const names = (await filesIn(core)).filter(
    (name) => name.endsWith('.json') && !name.endsWith('/tree.json'),
  );
  assert.ok(names.length > 10);
  const { answer, refused } = await read('canonical', ...names);
  assert.equal(refused, undefined);
  assert.equal((answer as string[]).length, names.length);
});

test('expired metadata is refused', options, async () => {
  assert.match((await readHost(captured, '2036-01-01T00:00:00Z')).refused ?? '', /has expired/);
});

const release = trustMap.products['*'] ?? trustMap.products.shop ?? '';
/** Each: which files to damage (the largest of the folder's that fit), and what the reader must say. */
const damages: readonly (readonly [what: string, folder: string, name: RegExp, says: RegExp])[] = [
  [
    'timestamp',
    `r/${trustMap.environment}/metadata`,
    /\/timestamp\.json$/,
    /timestamp: too few signatures|malformed/,
  ],
  [
    'director',
    `r/${trustMap.environment}/metadata`,
    /\.targets\.json$/,
    /targets: too few signatures|malformed/,
  ],
  [
    'desired state',
    `r/${trustMap.environment}/targets`,
    /desired-state/,
    /desired-state\.json is not what was signed/,
  ],
  ['product role', `r/${release}/metadata`, /\.p-[^/]*\.json$/, /p-\w+: too few signatures|malformed/],
  ['release', `r/${release}/targets/release/shop`, /\.json$/, /is not what was signed/],
  ['host map', `o/${trustMap.environment}`, /./, /object \w+ is damaged/],
  ['objects', 'o/*', /./, /object \w+ is damaged/],
  ['offer', 'o/*/offers', /./, /^refused/],
];

for (const [what, where, name, says] of damages) {
  test(`one flipped byte is refused: ${what}`, options, async (t) => {
    const copy = await tempFolder(t);
    await cp(captured, copy, { recursive: true });
    const product =
      (await readdir(join(copy, 'repository/o'))).find((one) => one !== trustMap.environment) ?? '';
    const files = (await filesIn(join(copy, 'repository', where.replace('*', product)))).filter((file) =>
      name.test(file),
    );
    assert.ok(files.length > 0);
    for (const file of files) {
      const bytes = await readFile(file);
      const at = Math.floor((await stat(file)).size / 2);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await writeFile(file, bytes);
    }
    assert.match((await readHost(copy)).refused ?? 'accepted', says);
  });
}

test('an object that is whole, but another than was named, is refused', options, async (t) => {
  const copy = await tempFolder(t);
  await cp(captured, copy, { recursive: true });
  const offers =
    (await readdir(join(copy, 'repository/o'))).find((one) => one !== trustMap.environment) ?? '';
  const [one = '', two = ''] = (await filesIn(join(copy, 'repository/o', offers, 'offers'))).sort();
  const [first, second] = [await readFile(one), await readFile(two)];
  await writeFile(one, second);
  await writeFile(two, first);
  assert.match((await readHost(copy)).refused ?? 'accepted', /^refused/);
});
