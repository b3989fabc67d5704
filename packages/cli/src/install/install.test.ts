import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fullDisk, installDebian, removeLater, run, tempFolder } from '@xylem/testkit';
import { installLine } from './line.ts';
import { installScript } from './script.ts';

const skip = process.platform === 'linux' ? false : 'hosts are Linux machines';
const domain = 'd'.repeat(32);
const token = `xyl1.${'0'.repeat(16)}.${'s'.repeat(43)}.${'p'.repeat(43)}`;
const parent = 'https://relay.example:8442';
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Joins by writing down what it was told, in the way that the real one would be told. */
const agent = Buffer.from(`#!/bin/sh
case $1 in
  --version) echo 1.0.0 ;;
  join)
    umask 077; mkdir -p "$6/identity" || exit
    tr '\\0' ' ' </proc/$$/cmdline >"$6/identity/words"
    cat >"$6/identity/token"
    echo '{}' >"$6/identity/host.json"
    ;;
esac
# ${Array.from({ length: 3000 }, (_, i) => sha256(Buffer.from(String(i)))).join('')}
`);
const archive = gzipSync(agent);
const scriptOf = (arch: string | null, bytes = agent): Buffer =>
  Buffer.from(
    installScript({
      domain,
      version: '1.0.0',
      agents: [
        {
          arch,
          archive: sha256(archive),
          archiveBytes: archive.length,
          executable: sha256(bytes),
          executableBytes: bytes.length,
        },
      ],
    }),
  );

interface Installed {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A parent's files, and the line for them pasted into a shell. */
async function parentOf(
  t: TestContext,
  options: {
    readonly script?: Buffer;
    /** What it hands out instead of what was named. */
    readonly lies?: { readonly script?: Buffer; readonly archive?: Buffer };
    /** So many answers with the archive break off, after as many bytes. */
    readonly breaks?: { answers: number; readonly afterBytes: number };
  } = {},
) {
  const { script = scriptOf(null), lies = {}, breaks } = options;
  const folder = await tempFolder(t, 'install');
  const asked: { readonly path: string; readonly range: string | undefined }[] = [];
  const files = new Map([
    [`/o/${domain}/${sha256(script)}`, lies.script ?? script],
    [`/o/${domain}/${sha256(archive)}`, lies.archive ?? archive],
  ]);
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    asked.push({ path: url, range: headers.range });
    const file = files.get(url);
    if (file === undefined) return response.writeHead(404).end();
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    if (start > 0 && start >= file.length) return response.writeHead(416).end();
    const body = file.subarray(start);
    const range = { 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` };
    response.writeHead(start === 0 ? 200 : 206, {
      'content-length': body.length,
      ...(start === 0 ? {} : range),
    });
    const isArchive = url.endsWith(sha256(archive));
    if (!isArchive || breaks === undefined || breaks.answers === 0) return response.end(body);
    breaks.answers -= 1;
    response.write(body.subarray(0, breaks.afterBytes), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  removeLater(t, () => void server.close());
  const from = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const line = installLine({
    install: { domain, script: sha256(script) },
    token,
    parent,
    from,
    serve: false,
  });
  const paste = (words = `--folder ${folder}/x`, path = process.env.PATH): Promise<Installed> =>
    new Promise((resolve) => {
      const shell = spawn('/bin/sh', { env: { PATH: path, HOME: folder } });
      const said = { stdout: '', stderr: '' };
      shell.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
      shell.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
      shell.on('close', (code) => resolve({ code, ...said }));
      shell.stdin.end(`${line} ${words}\n`);
    });
  const at = (path: string): string => join(folder, 'x', path);
  const left = (): string[] => (existsSync(at('.')) ? readdirSync(at('.')) : []);
  return { folder, asked, line, paste, at, left };
}

const tools = await Promise.all(
  ['curl', 'wget'].map(async (name) =>
    (await run('/bin/sh', ['-c', `command -v ${name}`]).catch(() => null)) ? name : null,
  ),
);
const withTool = skip || tools.every((name) => name === null) ? skip || 'needs curl or wget' : false;

test('the script is what a shell that knows POSIX alone can run, and nothing that shellcheck warns of', {
  skip,
}, async (t) => {
  const script = scriptOf('x64').toString();
  assert.ok(script.endsWith('main "$@"\n'));
  const missing = await installDebian('shellcheck');
  if (missing !== null) return t.skip(missing.skip);
  const file = join(await tempFolder(t, 'script'), 'install.sh');
  writeFileSync(file, script);
  await run('shellcheck', ['-s', 'sh', file]);
});

test('the line installs and joins, the token in no list of processes; again it changes nothing', {
  skip: withTool,
}, async (t) => {
  const it = await parentOf(t);
  const first = await it.paste('--name web-1 --serve --folder "$HOME/x"');
  assert.equal(first.code, 0, first.stderr);
  assert.match(
    first.stdout,
    /Joined by https:\/\/relay.example:8442 .*\n.*Start it: .*\/x\/xylem-agent agent launch/,
  );
  const words = readFileSync(it.at('host/identity/words'), 'utf8');
  assert.match(
    words,
    /join https:\/\/relay.example:8442 --token - --state .*\/x\/host --name web-1 --serve $/,
  );
  assert.equal(readFileSync(it.at('host/identity/token'), 'utf8'), `${token}\n`);
  assert.deepEqual(it.left(), ['host', 'xylem-agent']);
  assert.ok(readFileSync(it.at('xylem-agent')).equals(agent));
  writeFileSync(it.at('host/identity/words'), 'as it was');
  const asked = it.asked.length;
  const second = await it.paste();
  assert.deepEqual([second.code, /has joined already/.test(second.stdout)], [0, true], second.stderr);
  assert.equal(readFileSync(it.at('host/identity/words'), 'utf8'), 'as it was');
  assert.equal(it.asked.length, asked + 1, 'the script alone is fetched again');
});

for (const [name, lies] of Object.entries({
  script: { script: Buffer.concat([scriptOf(null), Buffer.from('echo owned\n')]) },
  'script that is gone': { script: Buffer.alloc(0) },
  executable: { archive: gzipSync(Buffer.from('#!/bin/sh\necho owned >&2\n')) },
  'executable of the same size': { archive: Buffer.from(archive).fill(1, 100, 101) },
  'endless executable': { archive: Buffer.concat([archive, Buffer.alloc(2 ** 20)]) },
})) {
  test(`a parent that hands out another ${name} has nothing run`, { skip: withTool }, async (t) => {
    const it = await parentOf(t, { lies });
    const { code, stdout, stderr } = await it.paste();
    assert.equal(code, 7, stderr);
    assert.match(stderr, /E_OBJECT_DIGEST/);
    assert.doesNotMatch(stdout + stderr, /owned/);
    assert.deepEqual(it.left(), []);
  });
}

for (const tool of tools) {
  if (tool === null) continue;
  test(`a download that breaks off goes on where it was, by ${tool}`, { skip }, async (t) => {
    const breaks = { answers: 2, afterBytes: 30_000 };
    const it = await parentOf(t, { breaks });
    const bin = join(it.folder, 'bin');
    mkdirSync(bin);
    const others = [
      'sh',
      'sha256sum',
      'grep',
      'cut',
      'wc',
      'id',
      'mkdir',
      'uname',
      'tr',
      'df',
      'gzip',
      'chmod',
      'sync',
      'mv',
      'rm',
      'sleep',
      'cat',
      tool,
    ];
    await run('/bin/sh', ['-c', `for p in ${others.join(' ')}; do ln -s "$(command -v $p)" ${bin}/; done`]);
    const { code, stderr } = await it.paste(undefined, bin);
    assert.equal(code, 0, stderr);
    const ranges = it.asked.filter(({ path }) => path.endsWith(sha256(archive))).map(({ range }) => range);
    assert.deepEqual(ranges, [undefined, 'bytes=30000-', 'bytes=60000-']);
  });
}

test('a machine of another architecture, one that cannot run it, a wrong word: a code and nothing left', {
  skip: withTool,
}, async (t) => {
  const other = await parentOf(t, { script: scriptOf('s390x') });
  const refused = await other.paste();
  assert.equal(refused.code, 9);
  assert.match(refused.stderr, /E_DRIVER_UNSUPPORTED: There is no agent 1.0.0 for \S+, only for: s390x/);
  assert.deepEqual(other.left(), []);
  const words = await other.paste('--nmae web');
  assert.deepEqual([words.code, /E_INPUT: "--nmae"/.test(words.stderr)], [2, true], words.stderr);
});

test('a disk that is full is said before it is tried, and leaves nothing but what can be gone on with', {
  skip: withTool,
}, async (t) => {
  const disk = await fullDisk(t, 4 * 2 ** 20);
  if ('skip' in disk) return t.skip(disk.skip);
  const it = await parentOf(t);
  await disk.fill(100_000);
  const { code, stderr } = await it.paste(`--folder ${disk.folder}/x`);
  assert.equal(code, 8, stderr);
  assert.match(stderr, /E_DISK_FULL: .* has \d+ KiB left, and installing the agent takes \d+ more/);
  await disk.free();
  assert.equal((await it.paste(`--folder ${disk.folder}/x`)).code, 0);
});

test('as root it makes the user, or runs as root; a Debian package that is there is used as it is', {
  skip: withTool || (process.getuid?.() === 0 ? false : 'needs root'),
}, async (t) => {
  const it = await parentOf(t);
  const at = (name: string): string => join(it.folder, name);
  for (const name of ['layers', 'root']) mkdirSync(at(name));
  writeFileSync(at('agent'), agent, { mode: 0o755 });
  const script = `set -e
mount -t tmpfs tmpfs ${at('layers')}
try() {
  mkdir -p ${at('layers')}/$1/u ${at('layers')}/$1/w
  mount -t overlay overlay -o lowerdir=/,upperdir=${at('layers')}/$1/u,workdir=${at('layers')}/$1/w ${at('root')}
  mount --bind /dev ${at('root')}/dev
  mount -t proc proc ${at('root')}/proc
  cp "$1.sh" ${at('root')}/try.sh
  chroot ${at('root')} /bin/sh /try.sh | sed "s/^/$1 /"
  umount -R ${at('root')}
}
cd ${it.folder}
for one in user root deb; do try $one; done`;
  const look = `id=$(stat -c '%U %a' /var/lib/xylem/host/identity/token /var/lib/xylem | tr '\\n' ' ')
echo "owner $id"
ls /usr/local/bin/xylem-agent >/dev/null 2>&1 && stat -c 'mode %U %a' /usr/local/bin/xylem-agent
echo "token $(cat /var/lib/xylem/host/identity/token)"
`;
  const unit = '/usr/lib/systemd/system/xylem-agent.service';
  const asDeb = `useradd --system --user-group --home-dir /var/lib/xylem xylem
mkdir -p ${unit.slice(0, unit.lastIndexOf('/'))}; touch ${unit}
cp ${at('agent')} /usr/bin/xylem-agent
`;
  writeFileSync(at('user.sh'), `umask 022\n${it.line}\n${look}`);
  writeFileSync(at('root.sh'), `umask 022\n${it.line} --as-root\n${look}`);
  writeFileSync(at('deb.sh'), `umask 022\n${asDeb}${it.line}\n${look}`);
  const { stdout } = await run('/usr/bin/unshare', ['-m', '--propagation', 'private', 'sh', '-c', script]);
  const said = (one: string, what: string): string[] =>
    stdout
      .split('\n')
      .flatMap((line) =>
        line.startsWith(`${one} ${what} `) ? [line.slice(one.length + what.length + 2)] : [],
      );
  assert.deepEqual(said('user', 'owner'), ['xylem 600 xylem 700 '], stdout);
  assert.deepEqual(said('user', 'mode'), ['root 755']);
  assert.deepEqual(said('user', 'token'), [token]);
  const launch = 'agent launch --state /var/lib/xylem/host';
  assert.ok(
    said('user', 'xylem-install:').includes(
      `Start it: runuser -u xylem -- /usr/local/bin/xylem-agent ${launch}`,
    ),
  );
  assert.deepEqual(said('root', 'owner'), ['root 600 root 700 ']);
  assert.ok(said('root', 'xylem-install:').includes(`Start it: /usr/local/bin/xylem-agent ${launch}`));
  assert.deepEqual(said('deb', 'owner'), ['xylem 600 xylem 700 ']);
  assert.deepEqual(said('deb', 'mode'), [], 'no second executable');
});
