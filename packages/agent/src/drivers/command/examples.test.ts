/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: a shell's variables look like this */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { parseManifestYaml } from '@xylem/core/yaml';
import { Bench, converge } from '../../testing/crash-sweep.ts';
import { type Files, type TestPackage, testPackage } from '../../testing/packages.ts';
import { cleanUp, temporaryFolder } from '../../testing/state-folder.ts';

const examples = join(import.meta.dirname, '../../../../../docs/examples');

/** A folder of docs/examples as a package, its `xylem.yaml` read as it stands. */
async function example(
  name: string,
  version: string,
  own: { readonly files?: Files; readonly config?: Readonly<Record<string, string>> } = {},
): Promise<TestPackage> {
  const folder = join(examples, name);
  const manifest = parseManifestYaml(await readFile(join(folder, 'xylem.yaml'), 'utf8'), 'xylem.yaml');
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder)) {
    if (manifest.include?.includes(entry) !== true) continue;
    const text = await readFile(join(folder, entry), 'utf8');
    files[entry.endsWith('.sh') ? `${entry}!` : entry] = text;
  }
  const { component, command, configDefaults } = manifest.package;
  return testPackage({
    component,
    version,
    kind: 'command',
    command,
    files: { ...files, ...own.files },
    config: { ...configDefaults, ...own.config },
  });
}

async function program(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o755);
}

const line = (path: string): Promise<string | null> =>
  readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => null,
  );

suite('the examples of docs/examples', () => {
  test('a crontab: its lines come, are put right, change and go, and those of others stay', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const state = await bench.state(context);
    const table = join(bench.folder, 'table');
    // As crontab(1): -l, and - to read from standard input.
    await mkdir(join(bench.folder, 'bin'));
    await program(
      join(bench.folder, 'bin', 'crontab'),
      `#!/bin/sh\ncase $1 in -l) cat '${table}' 2>/dev/null || { echo "no crontab for root" >&2; exit 1; };; -) cat >'${table}.new' && mv '${table}.new' '${table}';; *) exit 2;; esac\n`,
    );
    const path = process.env.PATH;
    cleanUp(context, () => {
      process.env.PATH = path;
    });
    process.env.PATH = `${join(bench.folder, 'bin')}${delimiter}${path}`;

    const theirs = '# mine\n0 1 * * * backup';
    await writeFile(table, `${theirs}\n`);
    const one = await bench.wanted([await example('command-crontab', '1.0.0')]);
    const other = { 'schedule.cron': '5 5 * * * other\n' };
    const two = await bench.wanted([await example('command-crontab', '2.0.0', { files: other })]);
    const none = await bench.wanted([]);
    assert.ok((await converge(state, one)).rested);
    const first = await line(table);
    assert.ok(first?.startsWith(theirs));
    assert.match(first ?? '', /# BEGIN nightly-jobs.*\n15 3 \* \* \* \/usr\/local\/bin\/reindex/);
    await writeFile(table, (first ?? '').replace('15 3', '15 4'));
    assert.ok((await converge(state, one)).rested);
    assert.equal(await line(table), first);
    assert.ok((await converge(state, two)).rested);
    assert.match((await line(table)) ?? '', /\n5 5 \* \* \* other\n# END nightly-jobs$/);
    assert.doesNotMatch((await line(table)) ?? '', /reindex/);
    assert.ok((await converge(state, none)).rested);
    assert.equal(await line(table), theirs);
  });

  test('a crontab that can not be read is not written', async (context) => {
    const bench = new Bench(await temporaryFolder(context));
    const state = await bench.state(context);
    await mkdir(join(bench.folder, 'bin'));
    const wrote = join(bench.folder, 'wrote');
    await program(
      join(bench.folder, 'bin', 'crontab'),
      `#!/bin/sh\n[ "$1" = - ] && touch '${wrote}'\necho 'cannot open your crontab' >&2\nexit 1\n`,
    );
    const path = process.env.PATH;
    cleanUp(context, () => {
      process.env.PATH = path;
    });
    process.env.PATH = `${join(bench.folder, 'bin')}${delimiter}${path}`;
    const after = await converge(state, await bench.wanted([await example('command-crontab', '1.0.0')]));
    assert.match(after.waiting.get('nightly-jobs')?.message ?? '', /cannot open your crontab/);
    assert.equal(await line(wrote), null);
  });

  test('flashing a slot: the other slot is written, the pointer follows, and going back is a flash too', async (context) => {
    const machine = await slotMachine(context);
    const { state, bench, image } = machine;
    const [one, two] = [await machine.wanted('1.0.0'), await machine.wanted('2.0.0')];
    assert.equal(await machine.boots(), null);
    for (const [wanted, version] of [
      [one, '1.0.0'],
      [two, '2.0.0'],
      [one, '1.0.0'],
    ] as const) {
      assert.ok((await converge(state, wanted)).rested);
      assert.equal(await machine.boots(), image(version));
    }
    assert.ok((await converge(state, await bench.wanted([]))).rested);
    assert.equal(await machine.boots(), null);
  });

  test('flashing a slot: a power cut at any of its programs leaves a machine that boots, and the next run finishes', async (context) => {
    const machine = await slotMachine(context);
    const { slots, image, folder } = machine;
    await machine.run('1.0.0');
    for (const cut of ['dd', 'cmp', 'sync', 'mv'] as const) {
      for (const when of ['before', 'half', 'after'] as const) {
        await machine.run('1.0.0');
        assert.equal(await machine.boots(), image('1.0.0'));
        const shims = join(folder, `${cut}-${when}`);
        await mkdir(shims);
        await program(join(shims, cut), shim(cut, when));
        await machine.run('2.0.0', shims).catch(() => undefined);
        const booted = await machine.boots();
        assert.ok(
          booted === image('1.0.0') || booted === image('2.0.0'),
          `${cut} ${when}: ${booted?.slice(0, 20)}`,
        );
        await machine.run('2.0.0');
        assert.equal(await machine.boots(), image('2.0.0'), `${cut} ${when}`);
        await rm(join(slots, 'boot.new'), { force: true });
      }
    }
  });
});

/** Does nothing, half or all of its work, and takes the whole run with it. */
function shim(cut: string, when: 'before' | 'half' | 'after'): string {
  const act =
    when === 'before'
      ? ''
      : when === 'half' && cut === 'dd'
        ? 'for word in "$@"; do case $word in of=*) head -c 40000 image.bin >"${word#of=}.half"; /bin/dd if="${word#of=}.half" of="${word#of=}" conv=notrunc 2>/dev/null; rm "${word#of=}.half";; esac; done'
        : `PATH=/usr/bin:/bin ${cut} "$@"`;
  return `#!/bin/sh\n${act}\nkill -9 $PPID\n`;
}

/** Two partitions in files, and what would be booted. */
async function slotMachine(context: TestContext) {
  const bench = new Bench(await temporaryFolder(context));
  const slots = join(bench.folder, 'slots');
  await mkdir(slots);
  for (const slot of ['a', 'b']) await writeFile(join(slots, `slot-${slot}`), Buffer.alloc(200_000, 0xff));
  const image = (version: string): string => `image ${version} `.repeat(5_000);
  const wanted = async (version: string): Promise<string> =>
    await bench.wanted([
      await example('command-slots', version, { files: { 'image.bin': image(version) }, config: { slots } }),
    ]);
  const boots = async (): Promise<string | null> => {
    const slot = await line(join(slots, 'boot'));
    if (slot === null) return null;
    const content = await readFile(join(slots, `slot-${slot}`), 'utf8');
    return [image('1.0.0'), image('2.0.0')].find((known) => content.startsWith(known)) ?? content;
  };
  /** Its `apply` alone, as the agent runs it. */
  const run = async (version: string, shims?: string): Promise<void> => {
    const folder = join(bench.folder, version);
    await cp(join(examples, 'command-slots'), folder, { recursive: true });
    await writeFile(join(folder, 'image.bin'), image(version));
    const path = [...(shims === undefined ? [] : [shims]), process.env.PATH].join(delimiter);
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null): void => (error === null ? resolve() : reject(error));
      execFile(join(folder, 'slots.sh'), ['apply', slots], { env: { PATH: path }, cwd: folder }, done);
    });
  };
  return { bench, slots, image, wanted, boots, run, folder: bench.folder, state: await bench.state(context) };
}
