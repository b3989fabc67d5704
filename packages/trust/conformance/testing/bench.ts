import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { ForeignRepository, type Scheme } from '../../src/testing/foreign-repository.ts';

/** The roles below root, in the order in which they are published. */
export const all = ['targets', 'snapshot', 'timestamp'] as const;

/** What a client trusts after the first refresh. */
export const first = trusting(1, 1, 1, 1);

/** These versions, as `Bench.trusted` says them. */
export function trusting(root: number, snapshot: number, targets: number, timestamp: number): string[] {
  return [`root ${root}`, `snapshot ${snapshot}`, `targets ${targets}`, `timestamp ${timestamp}`];
}

/** One run of the suite's kind: a repository behind real HTTP, and the client as a process of its own. */
export class Bench {
  readonly repository: ForeignRepository;
  /** `root 2`, `timestamp`, `targets 1`, names as they were quoted in the URL; targets by their path. */
  readonly requests: string[] = [];
  readonly folder: string;
  /** Paths that get no answer but an end of the connection. */
  readonly silent = new Set<string>();
  /** What the URLs of the repository end in. */
  slash = '/';
  /** Where the repository is served. */
  url = '';

  private constructor(repository: ForeignRepository, folder: string) {
    this.repository = repository;
    this.folder = folder;
  }

  static async start(t: TestContext, scheme?: Scheme): Promise<Bench> {
    const repository = new ForeignRepository(Date.now(), scheme);
    const bench = new Bench(repository, await mkdtemp(join(tmpdir(), 'xylem-conformance-')));
    const server = createServer((request, response) => {
      const path = (request.url ?? '').slice('/a%20test/'.length);
      const [, version, role] = /^metadata\/(?:(\d+)\.)?(.+)\.json$/.exec(path) ?? [];
      bench.requests.push(role === undefined ? path : [role, version].filter(Boolean).join(' '));
      if (bench.silent.has(path)) return void request.socket.destroy();
      const bytes = repository.files.get(decodeURIComponent(path));
      if (bytes === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    bench.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a%20test`;
    for (const name of ['metadata', 'targets']) await mkdir(join(bench.folder, name));
    t.after(async () => {
      server.closeAllConnections();
      server.close();
      await rm(bench.folder, { recursive: true });
    });
    return bench;
  }

  async init(root: Uint8Array = this.repository.file('metadata/1.root.json')): Promise<number> {
    const path = join(this.folder, 'initial_root.json');
    await writeFile(path, root);
    return this.#run(['--metadata-dir', join(this.folder, 'metadata'), 'init', path]);
  }

  async refresh(days = 0): Promise<number> {
    return this.#run([...this.#repositoryOptions(), 'refresh'], days);
  }

  /** By one client, in their order. */
  async download(targets: string | readonly string[], days = 0): Promise<number> {
    const names = [targets].flat().flatMap((target) => ['--target-name', target]);
    const where = [
      '--target-dir',
      join(this.folder, 'targets'),
      '--target-base-url',
      `${this.url}/targets${this.slash}`,
    ];
    return this.#run([...this.#repositoryOptions(), ...names, ...where, 'download'], days);
  }

  /** `root 1`, `snapshot 1`, …: what the client trusts, by the files that it keeps. */
  async trusted(): Promise<string[]> {
    const names = (await readdir(join(this.folder, 'metadata'))).filter((name) => name.endsWith('.json'));
    const roles = names.sort().map(async (name) => {
      const { signed } = JSON.parse(await readFile(join(this.folder, 'metadata', name), 'utf8')) as {
        signed: { version: number };
      };
      return `${name.slice(0, -'.json'.length)} ${signed.version}`;
    });
    return Promise.all(roles);
  }

  async kept(role: string): Promise<Buffer> {
    return readFile(join(this.folder, 'metadata', `${role}.json`));
  }

  /** What was downloaded and a shell's `*` finds, the one that was written last at the end. */
  async artifacts(): Promise<string[]> {
    const names = (await readdir(join(this.folder, 'targets'))).filter((name) => !name.startsWith('.'));
    const paths = names.map((name) => join(this.folder, 'targets', name));
    const files = await Promise.all(
      paths.map(async (path) => ({
        text: await readFile(path, 'utf8'),
        at: (await stat(path, { bigint: true })).mtimeNs,
      })),
    );
    return files.toSorted((a, b) => Number(a.at - b.at)).map(({ text }) => text);
  }

  #repositoryOptions(): string[] {
    return [
      '--metadata-url',
      `${this.url}/metadata${this.slash}`,
      '--metadata-dir',
      join(this.folder, 'metadata'),
    ];
  }

  #run(args: readonly string[], days = 0): Promise<number> {
    const client = join(import.meta.dirname, '..', 'client');
    const [program, ...first] = days === 0 ? [client] : ['faketime', pythonTime(days), client];
    return new Promise((resolve, reject) => {
      execFile(program ?? client, [...first, ...args], { timeout: 60_000 }, (error, _out, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error);
        else if (error !== null && stderr === '') reject(new Error('it failed without a word'));
        else resolve(error === null ? 0 : Number(error.code));
      });
    });
  }
}

/** A moment so many days away as Python writes it: the suite hands this to faketime. */
function pythonTime(days: number): string {
  const at = new Date(Date.now() + days * 24 * 3600 * 1000).toISOString();
  return `${at.slice(0, 10)} ${at.slice(11, 23)}456+00:00`;
}

/** What the bench's repository serves as a role's newest version. */
export function served(bench: Bench, role: string): Uint8Array {
  const name = role === 'timestamp' ? role : `${bench.repository.signed(role).version}.${role}`;
  return bench.repository.file(`metadata/${name}.json`);
}
