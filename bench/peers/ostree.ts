import { join } from 'node:path';
import { run } from '@xylem/testkit';
import { bytesBelow, bytesOf } from './files.ts';
import { type Method, noCosts, type Place } from './method.ts';
import { inAll, madeBy, timed, type Used, updatedBy } from './timed.ts';
import { web } from './web.ts';

const program = '/usr/bin/ostree';
const branch = 'main';
const remote = 'origin';
/** More than any file of any pair, in MB. */
const largestBsdiffMb = 1024;
const debian = ['ostree', 'nginx-light', 'time'];
const longMs = 600_000;

/** A repository to publish from and a host's, both with the old version; the first has the new one too. */
interface Repositories {
  readonly archive: string;
  readonly host: string;
  readonly commit: Used;
  /** What the new version added to the first. */
  readonly addedBytes: number;
}

async function repositories({ versions, folder }: Place): Promise<Repositories> {
  const [archive, host] = [join(folder, 'archive'), join(folder, 'host')];
  const plain = ['--owner-uid=0', '--owner-gid=0', '--no-xattrs', '--subject=bench'];
  const commit = (tree: string): Promise<Used> =>
    timed(
      folder,
      program,
      'commit',
      `--repo=${archive}`,
      `--branch=${branch}`,
      ...plain,
      `--tree=dir=${tree}`,
    );
  await run(program, ['init', `--repo=${archive}`, '--mode=archive']);
  await run(program, ['init', `--repo=${host}`, '--mode=bare-user']);
  await commit(versions.old);
  // As if pulled from there: a pull looks for deltas from what this remote's branch was.
  const from = [`--repo=${host}`, `--remote=${remote}`, archive, branch];
  await run(program, ['pull-local', ...from], { timeoutMs: longMs });
  const before = await bytesBelow(archive);
  const committed = await commit(versions.next);
  return { archive, host, commit: committed, addedBytes: (await bytesBelow(archive)) - before };
}

/** The new version's tree from what the host's repository has by now, by hardlinks. */
async function checkOut({ folder, check }: Place, host: string, what: string): Promise<Used> {
  const tree = join(folder, 'tree');
  const used = await timed(folder, program, 'checkout', `--repo=${host}`, '-U', '-H', what, tree);
  await check(tree);
  return used;
}

/** Pulls the branch over HTTP, and checks it out. */
async function pull(place: Place, { archive, host }: Repositories) {
  await run(program, ['summary', `--repo=${archive}`, '--update']);
  const { url, counted } = await web(place.context, archive);
  await run(program, ['remote', 'add', `--repo=${host}`, '--no-gpg-verify', remote, url]);
  const pulled = await timed(place.folder, program, 'pull', `--repo=${host}`, remote, branch);
  const wire = await counted();
  return { ...wire, ...updatedBy(inAll(pulled, await checkOut(place, host, `${remote}:${branch}`))) };
}

const generate = ({ archive }: Repositories, folder: string, words: readonly string[]): Promise<Used> => {
  const range = [`--from=${branch}^`, `--to=${branch}`, `--max-bsdiff-size=${largestBsdiffMb}`];
  return timed(
    folder,
    program,
    'static-delta',
    'generate',
    `--repo=${archive}`,
    ...range,
    '--inline',
    ...words,
  );
};

/** Object by object over HTTP, from an archive repository into a bare-user one. */
export const ostreeObjects: Method = {
  name: 'ostree-objects',
  debian,
  measure: async (place) => {
    const both = await repositories(place);
    return {
      ...noCosts,
      artefactBytes: both.addedBytes,
      ...madeBy(both.commit),
      ...(await pull(place, both)),
    };
  },
};

/**
 * A static delta as it is made if nothing else is said: of files above 4 MB it leaves those to be fetched whole for
 * which it finds no base. Pulled over HTTP, where 2022.7 fetches objects beside the delta that has them.
 */
export const ostreeDelta: Method = {
  name: 'ostree-delta',
  debian,
  measure: async (place) => {
    const both = await repositories(place);
    const made = await generate(both, place.folder, []);
    const artefactBytes = await bytesBelow(join(both.archive, 'deltas'));
    return { ...noCosts, artefactBytes, ...madeBy(made), ...(await pull(place, both)) };
  },
};

/** A static delta of everything in one file, carried to the host and applied there. */
export const ostreeDeltaWhole: Method = {
  name: 'ostree-delta-whole',
  debian,
  measure: async (place) => {
    const both = await repositories(place);
    const delta = join(place.folder, 'delta');
    const made = await generate(both, place.folder, ['--min-fallback-size=0', `--filename=${delta}`]);
    const { stdout } = await run(program, ['rev-parse', `--repo=${both.archive}`, branch]);
    const apply = ['static-delta', 'apply-offline', `--repo=${both.host}`, delta];
    const applied = await timed(place.folder, program, ...apply);
    const updated = inAll(applied, await checkOut(place, both.host, stdout.trim()));
    return { ...noCosts, artefactBytes: await bytesOf(delta), ...madeBy(made), ...updatedBy(updated) };
  },
};
