import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { codedFault } from '../faults.ts';
import type { Execute } from './executor.ts';

export const fetch: Execute<'fetch'> = async ({ domain, tree, from }, { component, kind, tools }) => {
  const own = tools.layout.component(component);
  const into = own.incoming(tree);
  await mkdir(own.trees, { recursive: true, mode: 0o755 });
  // Whole since an attempt that was interrupted right after.
  if (await exists(into)) return;
  try {
    await tools.fetchTree({ component, kind, domain, tree, into, from });
  } catch (error) {
    const fault = codedFault(error, `fetching ${component}`);
    // Running services need the room more than the next attempt needs what has come so far.
    if (fault.code === 'E_DISK_FULL') await clearPartials(own.trees, tree);
    throw fault;
  }
};

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
