import { access, mkdir, readdir, rm } from 'node:fs/promises';
import type { AdoptSource } from '../../adopt/adoptions.ts';
import { codedFault } from '../faults.ts';
import type { Execute, StepContext } from './executor.ts';

export const fetch: Execute<'fetch'> = async ({ domain, tree, from, adopts, isAhead = false }, context) => {
  const { component, kind, tools } = context;
  const own = tools.layout.component(component);
  const into = own.incoming(tree);
  await mkdir(own.trees, { recursive: true, mode: 0o755 });
  // Whole since an attempt that was interrupted right after.
  if (await exists(into)) return;
  try {
    const seed = from ?? (adopts === undefined ? null : await laidOut(adopts, context));
    await tools.fetchTree({
      component,
      kind,
      domain,
      tree,
      into,
      isAhead,
      ...(seed === null ? {} : { from: seed }),
    });
  } catch (error) {
    const fault = codedFault(error, `fetching ${component}`);
    // Running services need the room more than the next attempt needs what has come so far.
    if (fault.code === 'E_DISK_FULL') await clearPartials(own.trees, tree);
    throw fault;
  } finally {
    if (adopts !== undefined) await tools.drivers[kind].adoption?.clearLaidOut?.(component, tools);
  }
};

/** What can't be had from what runs here comes over the network. */
async function laidOut(source: AdoptSource, { component, kind, tools }: StepContext): Promise<string | null> {
  try {
    return (await tools.drivers[kind].adoption?.layOut?.(component, source, tools)) ?? null;
  } catch (cause) {
    tools.signal.throwIfAborted();
    tools.log.warn('what runs can not be laid out, and is fetched', { component, cause });
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function clearPartials(trees: string, tree: string): Promise<void> {
  for (const name of await readdir(trees).catch(() => [])) {
    if (!name.includes(tree) || name === tree || name === `${tree}.tree`) continue;
    await rm(`${trees}/${name}`, { recursive: true, force: true }).catch(() => undefined);
  }
}
