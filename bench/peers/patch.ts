import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DomainId, encodeTree, sha256 } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { memoryChunkIndex, openRepository, publishTree, putPatchList, repositorySink } from '@xylem/store';
import { type Method, noCosts } from './method.ts';
import { madeBy, timed, updatedBy } from './timed.ts';
import { web } from './web.ts';

const main = join(import.meta.dirname, 'patch-main.ts');
const domain = '0'.repeat(32) as DomainId;

/** Made from two trees whose texts are known, and fetched by the agent's own code from a plain web server. */
export const xylemPatch: Method = {
  name: 'xylem patch',
  debian: ['nginx-light', 'time'],
  measure: async ({ versions, folder, context, check }) => {
    const repository = await openRepository(join(folder, 'repository'));
    const sink = repositorySink(repository, domain, memoryChunkIndex());
    const textOf = async (name: string, tree: string) => {
      const { entries } = await publishTree({ folder: tree, sink });
      const text = encodeTree(entries);
      const file = join(folder, name);
      await writeFileAtomic(file, text);
      return { file, digest: sha256(text) };
    };
    const [old, next] = [await textOf('old.tree', versions.old), await textOf('new.tree', versions.next)];
    const artefact = join(folder, 'artefact');
    const made = await timed(
      folder,
      process.execPath,
      main,
      'make',
      versions.old,
      old.file,
      versions.next,
      next.file,
      artefact,
    );
    const patch = await readFile(artefact);
    await repository.putObject(domain, sha256(patch), patch);
    // That it is taken, however little chunks would take.
    const weighed = [patch.length, 0, Number.MAX_SAFE_INTEGER] as const;
    await putPatchList(repository, domain, next.digest, [[old.digest, sha256(patch), ...weighed]]);
    const { url, counted } = await web(context, repository.folder);
    const into = join(folder, 'tree');
    const updated = await timed(
      folder,
      process.execPath,
      main,
      'fetch',
      versions.old,
      old.file,
      url,
      domain,
      next.digest,
      into,
    );
    await check(into);
    return {
      ...noCosts,
      artefactBytes: patch.length,
      ...madeBy(made),
      ...updatedBy(updated),
      ...(await counted()),
    };
  },
};
