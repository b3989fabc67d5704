import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
  #url = '';

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
      const bytes = repository.files.get(decodeURIComponent(path));
      if (bytes === undefined) response.writeHead(404).end();
      else response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    bench.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a%20test`;
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

  async download(target: string, days = 0): Promise<number> {
    const more = ['--target-name', target, '--target-dir', join(this.folder, 'targets')];
    const url = ['--target-base-url', `${this.#url}/targets/`];
    return this.#run([...this.#repositoryOptions(), ...more, ...url, 'download'], days);
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

  async artifacts(): Promise<string[]> {
    const folder = join(this.folder, 'targets');
    return Promise.all((await readdir(folder)).map(async (name) => readFile(join(folder, name), 'utf8')));
  }

  #repositoryOptions(): string[] {
    return ['--metadata-url', `${this.#url}/metadata/`, '--metadata-dir', join(this.folder, 'metadata')];
  }

  #run(args: readonly string[], days = 0): Promise<number> {
    const client = join(import.meta.dirname, '..', 'client');
    const [program, ...first] = days === 0 ? [client] : ['faketime', '-f', `+${days}d`, client];
    return new Promise((resolve, reject) => {
      execFile(program ?? client, [...first, ...args], { timeout: 60_000 }, (error, _out, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error);
        else if (error !== null && stderr === '') reject(new Error('it failed without a word'));
        else resolve(error === null ? 0 : Number(error.code));
      });
    });
  }
}

/** What the bench's repository serves as a role's newest version. */
export function served(bench: Bench, role: string): Uint8Array {
  const name = role === 'timestamp' ? role : `${bench.repository.signed(role).version}.${role}`;
  return bench.repository.file(`metadata/${name}.json`);
}
