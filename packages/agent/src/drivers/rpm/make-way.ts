import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ask } from '../system-packages/commands.ts';
import type { Header } from './query.ts';
import { rpmSetup } from './status.ts';

export interface Ways {
  readonly chosen: readonly Header[];
  /** Labels of what may go. */
  readonly free: readonly string[];
  /** A folder that nothing else uses. */
  readonly scratch: string;
}

const onlyNoted = ['--justdb', '--nodeps', '--noscripts', '--notriggers'] as const;

/**
 * Whether everything fits once what may go has gone. rpm can't remove and install in one transaction, so that is tried on
 * two copies of its database: in one what goes went first, in the other what comes came first.
 */
export async function canMakeWay({ chosen, free, scratch }: Ways): Promise<boolean> {
  const paths = chosen.map(({ path }) => path);
  const on = async (copy: string, ...args: readonly string[]): Promise<boolean> =>
    (await ask('rpm', ['--dbpath', copy, ...args])).code === 0;
  try {
    const [gone, come] = [await copied(join(scratch, 'gone')), await copied(join(scratch, 'come'))];
    return (
      (await on(gone, '-e', ...onlyNoted, '--allmatches', '--', ...free)) &&
      (await on(gone, '-U', '--test', '--oldpackage', '--replacepkgs', '--', ...paths)) &&
      (await on(come, '-U', ...onlyNoted, '--oldpackage', '--replacepkgs', '--', ...paths)) &&
      (await on(come, '-e', '--test', '--allmatches', '--', ...free))
    );
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function copied(to: string): Promise<string> {
  const { database } = await rpmSetup();
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true, mode: 0o700 });
  await cp(database, to, { recursive: true });
  return to;
}
