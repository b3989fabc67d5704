// The command line of the public TUF conformance suite over the TufClient that hosts run. See README.md.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { limits, sha256, XylemError } from '@xylem/core';
import { createHttpClient, type HttpClient, readBody, systemClock, writeFileAtomic } from '@xylem/platform';
import { TufClient } from '../src/tuf/client/client.ts';
import { segment } from '../src/tuf/client/paths.ts';
import { isTarget } from '../src/tuf/client/target.ts';
import { pinnedRoot } from '../src/tuf/client/trusted.ts';
import { repositoryIdOf } from '../src/tuf/names.ts';
import { PlainStore } from './plain-store.ts';

const dialect = 'any';
/** The suite's artifacts are small; ours come another way (docs/spec/objects.md). */
const maxTargetBytes = 256 * 1024 * 1024;

interface Options {
  readonly 'metadata-dir'?: string;
  readonly 'metadata-url'?: string;
  /** Several are downloaded in their order. */
  readonly 'target-name'?: readonly string[];
  readonly 'target-base-url'?: string;
  readonly 'target-dir'?: string;
}

async function init(options: Options, rootPath: string | undefined): Promise<void> {
  if (rootPath === undefined) throw usage('init needs the path of the trusted root.');
  const bytes = await readFile(rootPath);
  if (bytes.length > limits.rootMetadata) throw usage(`${rootPath} is larger than a root may be.`);
  pinnedRoot(repositoryIdOf(bytes), bytes, { keyIds: 'given' });
  await new PlainStore(needed(options, 'metadata-dir')).writeRoot(bytes);
}

async function follow(options: Options, http: HttpClient): Promise<TufClient> {
  const store = new PlainStore(needed(options, 'metadata-dir'));
  const root = await store.root();
  if (root === null) throw usage('There is no root.json: init was not run, or refused it.');
  const bases = { metadata: needed(options, 'metadata-url'), targets: options['target-base-url'] };
  const client = new TufClient({
    id: repositoryIdOf(root),
    pinnedRoot: root,
    stateFolder: store,
    dialect,
    clock: systemClock,
    fetchMetadata: async (path, maxBytes) => {
      const kind = path.startsWith('metadata/') ? 'metadata' : 'targets';
      const base = bases[kind] ?? needed(options, 'target-base-url');
      return fetchFile(http, `${base.replace(/\/+$/, '')}/${path.slice(kind.length + 1)}`, maxBytes);
    },
  });
  await client.refresh();
  return client;
}

async function fetchFile(http: HttpClient, url: string, maxBytes: number): Promise<Uint8Array | null> {
  const { status, body } = await http.request({ method: 'GET', url });
  if (status === 200) return readBody(body, maxBytes, url);
  body.destroy();
  if (status === 404) return null;
  throw new XylemError('E_PARENT_UNREACHABLE', `${url} was answered with the status ${status}.`);
}

/** One client for all: what it verified for one target it must verify again for who leads to the next. */
async function download(options: Options, http: HttpClient): Promise<void> {
  const names = options['target-name'] ?? [];
  if (names.length === 0) throw usage('--target-name is missing.');
  const folder = needed(options, 'target-dir');
  const client = await follow(options, http);
  for (const name of names) await downloadOne(client, name, folder);
}

async function downloadOne(client: TufClient, name: string, folder: string): Promise<void> {
  const info = await client.target(name);
  if (info === null) throw new XylemError('E_NOT_FOUND', `No role of the repository vouches for ${name}.`);
  const path = join(folder, fileOf(name));
  const present = await readFile(path).catch(() => null);
  if (present !== null && isTarget(info, present)) return;
  const bytes = await client.readTarget(name, maxTargetBytes);
  if (bytes !== null) await writeFileAtomic(path, bytes);
}

/** One visible file whatever the path: the suite looks for files as a shell does, and new bytes replace the old ones. */
function fileOf(name: string): string {
  const file = segment(name).replace(/^\./, '%2E');
  return file.length <= 200 ? file : sha256(name);
}

function needed(options: Options, name: Exclude<keyof Options, 'target-name'>): string {
  const value = options[name];
  if (value === undefined || value === '') throw usage(`--${name} is missing.`);
  return value;
}

function usage(message: string): XylemError {
  return new XylemError('E_INPUT', message);
}

async function run(args: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'metadata-dir': text,
      'metadata-url': text,
      'target-name': { type: 'string', multiple: true },
      'target-base-url': text,
      'target-dir': text,
    },
  });
  const http = createHttpClient();
  try {
    if (positionals[0] === 'init') await init(values, positionals[1]);
    else if (positionals[0] === 'refresh') await follow(values, http);
    else if (positionals[0] === 'download') await download(values, http);
    else throw usage('The commands are init, refresh and download.');
  } finally {
    http.close();
  }
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  const code = error instanceof XylemError ? `${error.code}: ` : '';
  process.stderr.write(`${code}${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
